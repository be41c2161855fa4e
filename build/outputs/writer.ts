import type { ByteSink } from "../../lib/bytes/bytes.ts";
import type { ContentReader } from "../../lib/tree/entry.ts";
import type { FileTree } from "../../lib/tree/file_tree.ts";
import type { Reporter } from "../../lib/report/event.ts";

/** The file that an output becomes. It gets its name only once it is whole. */
export interface ArtifactSink extends ByteSink {
  /** Sets the file's length; bytes that were never written are holes that read as zeros. */
  setSize(size: number): void;
  /**
   * Says that bytes which stay unwritten must be zeros on a medium too, such as free slots of an
   * inode table. Other holes are free space: a block map leaves them out.
   */
  requireZeros?(offset: number, length: number): void;
}

export interface WriteContext {
  readonly reader: ContentReader;
  /** Seconds since 1970 for every time the tree does not give. */
  readonly epoch: number;
  readonly sink: ArtifactSink;
  readonly reporter: Reporter;
}

/**
 * Turns a tree into one artifact. Sees the tree and its own plan only; an entry that the format
 * cannot express is a {@linkcode TowerError} `unsupported`, never a silent skip.
 */
export type OutputWriter<Plan> = (
  tree: FileTree,
  plan: Plan,
  context: WriteContext,
) => void | Promise<void>;
