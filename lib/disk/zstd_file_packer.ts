import { type ByteSink, readExactly } from "../bytes/bytes.ts";
import { ZSTD_FRAME } from "../format/zstd.ts";
import { SettledFrames } from "./settled_frames.ts";
import { zstdWorkers } from "./zstd_workers.ts";

/** Frames at most between what is known to be done and what is packed. */
const AHEAD = 16;

/** A caller that writes hears of answers now and then alone: nobody may run out of work until then. */
const AT_ONCE = 2;

/** A place for frames that come before their turn. */
export interface Spool extends ByteSink {
  readAt(offset: number, into: Uint8Array): number;
}

/** A frame that was made, of a version of its contents. */
interface MadeFrame {
  readonly version: number;
  readonly at: number;
  readonly size: number;
}

/**
 * Compresses a file to the frames of `ZstdPacker`, by workers that read it themselves, and while it is
 * still written: a frame that was left is made, and made again where it was written to after that.
 */
export class ZstdFilePacker implements Disposable {
  readonly #path: string;
  readonly #level: number;
  readonly #workers: ReturnType<typeof zstdWorkers>;
  readonly #write: (bytes: Uint8Array) => void;
  readonly #spool: Spool;
  readonly #settled = new SettledFrames(ZSTD_FRAME);
  /** Frames that were left, in the order of that. */
  readonly #left = new Set<number>();
  /** Orders under way, and the version of each frame that is among them. */
  #asked = 0;
  readonly #underWay = new Map<number, number>();
  readonly #made = new Map<number, MadeFrame>();
  #spooled = 0;
  /** A whole frame of zeros. */
  #zeros: Uint8Array | undefined;
  /** Bytes from the start that stay as they are. */
  #done = 0;
  #isEnded = false;
  /** Frames from the start that were ordered as done, and that were written. */
  #ordered = 0;
  #written = 0;
  /** Stays with what went wrong first. */
  #answer = nextAnswer();
  #isBroken = false;

  /**
   * @param path of the file, which may be written to from now on
   * @param level 1 to 19
   * @param jobs threads beside the caller's
   * @param spool takes what comes before its turn, at most as much as is written
   * @param write gets the frames in order
   */
  constructor(
    path: string,
    { level, jobs, spool }: {
      readonly level: number;
      readonly jobs: number;
      readonly spool: Spool;
    },
    write: (bytes: Uint8Array) => void,
  ) {
    this.#path = path;
    this.#level = level;
    this.#workers = zstdWorkers(jobs);
    this.#spool = spool;
    this.#write = write;
  }

  /** Says that bytes of the file were written. */
  changed(offset: number, length: number): void {
    const left = this.#settled.written(offset, length);
    for (const frame of left) this.#left.add(frame);
    if (left.length > 0) this.#order();
  }

  /** Says that the next bytes, from the start on, stay as they are. */
  async done(length: number): Promise<void> {
    this.#done += length;
    this.#order();
    while (this.#isBroken || this.#frames - this.#written > AHEAD) await this.#answer.promise;
  }

  /** Compresses what is left: all of the file is done. */
  async end(): Promise<void> {
    // What was made of the last frame was made of a whole one.
    if (this.#done % ZSTD_FRAME !== 0) this.#settled.written(this.#done - 1, 1);
    this.#isEnded = true;
    this.#order();
    while (this.#isBroken || this.#written < this.#frames) await this.#answer.promise;
  }

  /** Stops the workers; what was written so far may lack frames. */
  [Symbol.dispose](): void {
    this.#workers[Symbol.dispose]();
  }

  /** Frames that are done. */
  get #frames(): number {
    const frames = this.#done / ZSTD_FRAME;
    return this.#isEnded ? Math.ceil(frames) : Math.floor(frames);
  }

  /** Gives the workers what is done before what only seems to be. */
  #order(): void {
    if (this.#isBroken) return;
    this.#writeNext();
    while (this.#asked < AT_ONCE * this.#workers.most) {
      const frame = this.#nextDone() ?? this.#nextLeft();
      if (frame === undefined) return;
      void this.#make(frame);
    }
  }

  #nextDone(): number | undefined {
    while (this.#ordered < this.#frames) {
      const frame = this.#ordered++;
      const isUnderWay = this.#underWay.get(frame) === this.#settled.version(frame);
      if (!isUnderWay && !this.#isMade(frame)) return frame;
    }
    return undefined;
  }

  #nextLeft(): number | undefined {
    for (const frame of this.#left) {
      this.#left.delete(frame);
      // What is often written to is made when all is done.
      if (!this.#made.has(frame) && !this.#underWay.has(frame)) return frame;
    }
    return undefined;
  }

  async #make(frame: number): Promise<void> {
    const version = this.#settled.version(frame);
    const offset = frame * ZSTD_FRAME;
    const length = this.#isEnded ? Math.min(ZSTD_FRAME, this.#done - offset) : ZSTD_FRAME;
    const from = { path: this.#path, offset, length };
    this.#underWay.set(frame, version);
    this.#asked++;
    try {
      const bytes = await this.#workers.ask({ from, level: this.#level }, []);
      if (this.#isBroken) return;
      this.#asked--;
      if (this.#underWay.get(frame) === version) this.#underWay.delete(frame);
      if (version === 0 && length === ZSTD_FRAME) this.#zeros = bytes;
      if (version === this.#settled.version(frame)) this.#take(frame, bytes);
      this.#order();
      this.#answer.resolve();
      this.#answer = nextAnswer();
    } catch (error) {
      this.#isBroken = true;
      this.#answer.reject(error);
    }
  }

  #take(frame: number, bytes: Uint8Array): void {
    if (frame === this.#written && frame < this.#frames) {
      this.#write(bytes);
      this.#written++;
      return;
    }
    const made = { version: this.#settled.version(frame), at: this.#spooled, size: bytes.length };
    this.#spool.writeAt(made.at, bytes);
    this.#spooled += made.size;
    this.#made.set(frame, made);
  }

  #writeNext(): void {
    for (; this.#written < this.#frames; this.#written++) {
      const frame = this.#written;
      if (this.#isZeros(frame)) this.#write(this.#zeros!);
      else if (this.#isMade(frame)) this.#write(this.#spooledBytes(this.#made.get(frame)!));
      else return;
    }
  }

  #isMade(frame: number): boolean {
    const version = this.#settled.version(frame);
    return this.#made.get(frame)?.version === version || this.#isZeros(frame);
  }

  #isZeros(frame: number): boolean {
    return this.#zeros !== undefined && this.#settled.version(frame) === 0;
  }

  #spooledBytes({ at, size }: MadeFrame): Uint8Array {
    const source = { size: this.#spooled, readAt: this.#spool.readAt.bind(this.#spool) };
    return readExactly(source, at, size);
  }
}

/** Nobody need wait for it. */
function nextAnswer(): PromiseWithResolvers<void> {
  const answer = Promise.withResolvers<void>();
  answer.promise.catch(() => {});
  return answer;
}
