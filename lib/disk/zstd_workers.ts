import { WorkerPool } from "./worker_pool.ts";
import type { FrameAnswer, FrameOrder } from "./zstd_frame.ts";

const MOST_WORKERS = 8;
/** A frame in work and one that waits, of 4 MiB each. */
const EACH = 2;

/** Workers that compress frames in turn. */
export function zstdWorkers(jobs: number): WorkerPool<FrameOrder, FrameAnswer> {
  const url = new URL("./zstd_worker.ts", import.meta.url);
  return new WorkerPool(url, Math.min(jobs, MOST_WORKERS), EACH);
}
