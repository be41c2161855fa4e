import type { ZstdBuild } from "../../lib/format/zstd.ts";
import type { ContentReader } from "../../lib/tree/entry.ts";
import type { BlobWriter } from "../../lib/store/ports.ts";
import type { FileTree } from "../../lib/tree/file_tree.ts";
import type { Reporter } from "../../lib/report/event.ts";
import type { Arch } from "../../lib/brand.ts";

export interface StageContext {
  readonly reader: ContentReader;
  /** Where a stage puts content that is too big for memory (an initramfs). */
  readonly blobs: { writer(): BlobWriter };
  readonly arch: Arch;
  /** Seconds since 1970 of every entry that a stage makes. */
  readonly epoch: number;
  readonly reporter: Reporter;
  /** The build of libzstd to take; the bytes are the same. */
  readonly zstd: ZstdBuild;
}

/** Changes the tree as its plan says. Never names a system, never reads the machine. */
export type Stage<Plan> = (
  tree: FileTree,
  plan: Plan,
  context: StageContext,
) => void | Promise<void>;
