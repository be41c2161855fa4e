import { receivedError } from "../sent_error.ts";
import { type DigestAnswer, type DigestOrder, digestParts, type FilePart } from "./file_parts.ts";

/** Work under way. Disposing it ends it; then nobody may wait for its result. */
export interface PartDigests extends Disposable {
  /** The SHA-256 of each part, lower-case hexadecimal. @throws {TowerError} as reading a file. */
  readonly result: Promise<readonly string[]>;
}

/** Below so many bytes a worker's start (60 ms of CPU time) costs more than it saves. */
const WORTH_WORKER = 128 << 20;

/**
 * Hashes parts of a file while the caller's thread does something else, where that pays.
 *
 * @param worthWorker Bytes from which on a thread of its own does it.
 */
export function startPartDigests(
  path: string,
  parts: readonly FilePart[],
  worthWorker = WORTH_WORKER,
): PartDigests {
  const total = parts.reduce((sum, { length }) => sum + length, 0);
  if (total >= worthWorker) return inWorker({ path, parts });
  return { result: Promise.resolve(digestParts(path, parts)), [Symbol.dispose]() {} };
}

function inWorker(order: DigestOrder): PartDigests {
  const { promise, resolve, reject } = Promise.withResolvers<readonly string[]>();
  const worker = new Worker(new URL("./digest_worker.ts", import.meta.url), { type: "module" });
  worker.onmessage = ({ data }: MessageEvent<DigestAnswer>) => {
    worker.terminate();
    if (data.type === "digests") resolve(data.digests);
    else reject(receivedError(data.error));
  };
  worker.onerror = (event) => {
    event.preventDefault();
    worker.terminate();
    reject(new Error(`Cannot hash "${order.path}": a worker failed: ${event.message}`));
  };
  worker.postMessage(order);
  promise.catch(() => {}); // a caller that fails itself does not come to wait
  return { result: promise, [Symbol.dispose]: () => worker.terminate() };
}
