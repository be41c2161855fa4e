import { breathing } from "../files/interruption.ts";
import { type BlockCompressor, type Blocks, compressHere } from "../format/block_compressor.ts";
import type { BlockPacking } from "../format/block_encoder.ts";
import { blockEncoderHere, type BlockOrder } from "./block_order.ts";
import { WorkerPool } from "./worker_pool.ts";

const MOST_WORKERS = 8;
/** Batches of a worker that are under way, of 1 MiB each. */
const EACH = 4;
/** Bytes from which on a batch is worth a message to a worker. */
const WORTH_WORKER = 64 << 10;

/**
 * A compressor whose batches are packed by the least busy worker each, and what is small in the
 * thread of who asks.
 *
 * @param jobs threads beside the caller's; with 1 the caller's own does it
 * @param signal ends the work, also that of workers
 */
export function openBlockPacker(
  packing: BlockPacking,
  jobs: number,
  signal: AbortSignal,
): BlockCompressor {
  const breathe = breathing(signal);
  const here = compressHere(blockEncoderHere(packing));
  const pool = jobs > 1 && packing.compression !== "none"
    ? new WorkerPool<BlockOrder, Blocks>(
      new URL("./block_worker.ts", import.meta.url),
      Math.min(jobs, MOST_WORKERS),
      EACH,
    )
    : undefined;
  const onAbort = () => pool?.stop(signal.reason);
  signal.addEventListener("abort", onAbort);
  return {
    most: pool?.most ?? 0,
    async compress(blocks) {
      if (blocks.bytes.length < WORTH_WORKER) return await here.compress(blocks);
      await breathe();
      return await (pool?.ask({ blocks, packing }, [blocks.bytes.buffer]) ?? here.compress(blocks));
    },
    [Symbol.dispose]() {
      signal.removeEventListener("abort", onAbort);
      pool?.[Symbol.dispose]();
    },
  };
}
