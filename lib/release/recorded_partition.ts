import { z } from "zod";

/** Most partitions that a GPT of the usual size has. */
const MOST_PARTITIONS = 128;

const partition = z.strictObject({
  /** No other of the disk has it; a GPT has it too. */
  name: z.string().regex(/^[A-Za-z0-9_.+-]{1,36}$/, "must be a partition's name"),
  /** The type of a GPT, or the byte of an MBR (`0x0c`). */
  type: z.string().regex(
    /^(0x[0-9a-f]{2}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$/,
    "must be a partition's type",
  ),
  /** Bytes from the disk's start. */
  offset: z.int().min(0),
  size: z.int().min(1),
  /** Kind of what is in it: `fat`, `ext4`, `raw`, `empty`. */
  content: z.string().regex(/^[a-z][a-z0-9_-]{0,62}$/, "must be a name"),
  /** The tree that it holds a part of, where that is another than the disk's. */
  tree: z.string().regex(/^[a-z][a-z0-9_-]{0,62}$/, "must be a name").optional(),
  /** Absolute path of the folder of the system that it holds, and that it is mounted at. */
  folder: z.string().max(4096).regex(/^\/[^\x00-\x1f\x7f]*$/, "must be an absolute path")
    .optional(),
});

/** A partition as a record tells of it. */
export type RecordedPartition = z.infer<typeof partition>;

/** The partitions of a disk, in their order. Too many are one fault, whatever they are. */
export const recordedPartitions = z.array(z.unknown()).refine(
  (list) => list.length <= MOST_PARTITIONS,
  { error: `must be at most ${MOST_PARTITIONS}`, abort: true },
).pipe(z.array(partition));
