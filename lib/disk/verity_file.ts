import type { ByteSink } from "../bytes/bytes.ts";
import { openDisk } from "../files/disk_file.ts";
import type { BlockRun } from "../format/verity/digests.ts";
import { type VerityOptions, VerityTree, writeVerity } from "../format/verity/tree.ts";
import { receivedError } from "../sent_error.ts";
import { dataIn, type DataPart, type VerityAnswer, type VerityOrder } from "./verity_order.ts";

/** Below so many bytes workers' starts (60 ms of CPU time each) cost more than they save. */
const WORTH_WORKERS = 64 << 20;
/** From here on the disk is what is waited for. */
const MOST_WORKERS = 8;

/**
 * Writes the hash device of data in a file, as {@linkcode writeVerity} does, in more threads where
 * that pays. What comes out does not depend on their number.
 *
 * @param jobs threads that hash
 * @param worthWorkers Bytes from which on threads of their own do it.
 * @returns the root hash as 64 hexadecimal digits
 * @throws {TowerError} as {@linkcode writeVerity} and as reading a file.
 */
export async function writeVerityOfFile(
  data: DataPart,
  options: VerityOptions,
  sink: ByteSink,
  jobs: number,
  worthWorkers = WORTH_WORKERS,
): Promise<string> {
  if (jobs < 2 || data.size < worthWorkers) {
    using file = openDisk(data.path, "read");
    return writeVerity(dataIn(file, data), options, sink);
  }
  const tree = new VerityTree(data.size, options, sink);
  using workers = new DigestWorkers(data, options.salt, Math.min(jobs, MOST_WORKERS));
  const pending: Promise<Uint8Array>[] = [];
  for (const run of tree.runs()) {
    const digests = workers.digests(run);
    digests.catch(() => {}); // who waits for an older one is told of that one first
    pending.push(digests);
    if (pending.length > workers.most) tree.add(await pending.shift()!);
  }
  for (const digests of pending) tree.add(await digests);
  return tree.end();
}

/** Workers in turn: runs have equal size, so none waits long for another. */
class DigestWorkers implements Disposable {
  /** Runs that may be under way. */
  readonly most: number;
  readonly #data: DataPart;
  readonly #salt: Uint8Array;
  readonly #workers: readonly Worker[];
  readonly #waiting: readonly PromiseWithResolvers<Uint8Array>[][];
  #next = 0;

  constructor(data: DataPart, salt: Uint8Array, count: number) {
    this.#data = data;
    this.#salt = salt;
    this.most = 2 * count;
    const url = new URL("./verity_worker.ts", import.meta.url);
    this.#workers = Array.from({ length: count }, () => new Worker(url, { type: "module" }));
    this.#waiting = this.#workers.map((worker) => {
      const waiting: PromiseWithResolvers<Uint8Array>[] = [];
      worker.onmessage = ({ data }: MessageEvent<VerityAnswer>) => {
        const { resolve, reject } = waiting.shift()!;
        if (data.type === "digests") resolve(data.digests);
        else reject(receivedError(data.error));
      };
      worker.onerror = (event) => {
        event.preventDefault();
        const error = new Error(`Cannot hash data: a worker failed: ${event.message}`);
        for (const { reject } of waiting.splice(0)) reject(error);
      };
      return waiting;
    });
  }

  digests(run: BlockRun): Promise<Uint8Array> {
    const i = this.#next++ % this.#workers.length;
    const answer = Promise.withResolvers<Uint8Array>();
    this.#waiting[i]!.push(answer);
    const order: VerityOrder = { data: this.#data, run, salt: this.#salt };
    this.#workers[i]!.postMessage(order);
    return answer.promise;
  }

  [Symbol.dispose](): void {
    for (const worker of this.#workers) worker.terminate();
  }
}
