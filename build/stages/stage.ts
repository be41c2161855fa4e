import type { ZstdBuild } from "../../lib/format/zstd.ts";
import type { Content, ContentReader } from "../../lib/tree/entry.ts";
import type { BlobWriter } from "../../lib/store/ports.ts";
import type { FileTree } from "../../lib/tree/file_tree.ts";
import type { Reporter } from "../../lib/report/event.ts";
import type { Arch } from "../../lib/brand.ts";

/**
 * Files by name that depend on nothing but the parts: those that were made before are taken again.
 * @param parts what decides them, as JSON
 */
export type MadeFiles = (
  kind: string,
  parts: unknown,
  make: () => ReadonlyMap<string, Uint8Array>,
) => ReadonlyMap<string, Content>;

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
  readonly made: MadeFiles;
}

/** Changes the tree as its plan says. Never names a system, never reads the machine. */
export type Stage<Plan> = (
  tree: FileTree,
  plan: Plan,
  context: StageContext,
) => void | Promise<void>;
