/** Places that a writer goes between, such as contents and a directory, count as one. */
const RECENT = 4;

/**
 * Which frames of a file seem to be done while it is written, in any order. One that is written to again
 * has another version.
 */
export class SettledFrames {
  readonly #frame: number;
  readonly #versions = new Map<number, number>();
  /** Frames that were written to last, the oldest first. */
  readonly #recent = new Set<number>();

  /** @param frame bytes of one */
  constructor(frame: number) {
    this.#frame = frame;
  }

  /** Says that bytes were written. Returns the frames that were left with that. */
  written(offset: number, length: number): number[] {
    if (length === 0) return [];
    const left: number[] = [];
    const last = Math.floor((offset + length - 1) / this.#frame);
    for (let i = Math.floor(offset / this.#frame); i <= last; i++) {
      this.#versions.set(i, this.version(i) + 1);
      this.#recent.delete(i);
      this.#recent.add(i);
      for (const oldest of this.#recent) {
        if (this.#recent.size <= RECENT) break;
        this.#recent.delete(oldest);
        left.push(oldest);
      }
    }
    return left;
  }

  /** Changes with each write; 0 before the first: all of it is zeros then. */
  version(frame: number): number {
    return this.#versions.get(frame) ?? 0;
  }
}
