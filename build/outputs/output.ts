import type { z } from "zod";
import type { Arch } from "../../lib/brand.ts";
import type { FieldPath } from "../../lib/errors.ts";
import type { BlockCompressor } from "../../lib/format/block_compressor.ts";
import type { BlockPacking } from "../../lib/format/block_encoder.ts";
import type { Uuid } from "../../lib/format/uuid.ts";
import type { RecordedPartition } from "../../lib/release/recorded_partition.ts";
import type { Breathe } from "../../lib/breathe.ts";
import type { Compression } from "../../lib/release/file_names.ts";
import type { NamedBuild } from "../../lib/release/artifact_name.ts";
import type { ContentSink } from "../../lib/tree/content_sink.ts";
import type { ContentReader } from "../../lib/tree/entry.ts";
import type { FileTree } from "../../lib/tree/file_tree.ts";
import type { Reporter } from "../../lib/report/event.ts";

/** The file that an output becomes. It gets its name only once it is whole. */
export interface ArtifactSink extends ContentSink {
  /** Sets the file's length; bytes that were never written are holes that read as zeros. */
  setSize(size: number): void;
  /** Reads back up to `into.length` bytes of what was written; returns how many, 0 only at the end. */
  readAt(offset: number, into: Uint8Array): number;
  /**
   * Says that bytes which stay unwritten must be zeros on a medium too, such as free slots of an
   * inode table. Other holes are free space: a block map leaves them out.
   */
  requireZeros?(offset: number, length: number): void;
}

/** A file that an output makes. */
export interface OutputFile {
  readonly name: string;
  /** Of its bytes before they are compressed (RFC 6838). */
  readonly mediaType: string;
  readonly compression: Compression | "none";
  /** Of a file system that compresses its blocks: how. */
  readonly blocks?: Exclude<BlockPacking["compression"], "none">;
}

/** What a record tells of the image of a medium; the image gets a block map. */
export interface Medium {
  readonly loaders: readonly string[];
  /** The kernel's, where loaders start one. */
  readonly commandLine?: string;
  /** In their order on it. */
  readonly partitions: readonly RecordedPartition[];
}

/**
 * Makes a file's bytes, in any order, and tells of the image of a medium what it is like: some of that
 * is known only then.
 */
export type FileWriter = (bytes: ArtifactSink) => Medium | void | Promise<Medium | void>;

/** Where an output's files go: a folder, or a place in another tree. */
export interface OutputSink {
  /** Writes a file, whole or not at all. */
  file(file: OutputFile, write: FileWriter): Promise<void>;
}

export interface WriteContext {
  readonly reader: ContentReader;
  /** Seconds since 1970 for every time the tree does not give. */
  readonly epoch: number;
  /** Another tree than the one that is written: one of those that its kind says it is made of too. */
  readonly tree: (name: string) => FileTree;
  readonly sink: OutputSink;
  readonly reporter: Reporter;
  /** A compressor of a file system's blocks that works on all processors. */
  readonly blockCompressor: (packing: BlockPacking) => BlockCompressor;
  /** To be called in every loop that may take long. */
  readonly breathe: Breathe;
}

/**
 * A kind of output: what a manifest may say of it, what a plan fixes of that, and how it is written.
 * Its row stands in `build/kinds/outputs.ts`.
 */
export interface OutputKind<Schema extends z.ZodType<{ kind: string }>, Plan extends object> {
  /** The fields, `kind` among them; their descriptions are the reference page. */
  readonly spec: Schema;
  /** Names of the files that it makes, as the manifest has them. */
  readonly files: (spec: z.infer<Schema>) => readonly string[];
  /** Names of trees beside `tree` that it is made of too, and the fields where they stand. */
  readonly others?: (spec: z.infer<Schema>) => readonly TreeUse[];
  /** Fixes all that could vary, as plain JSON: no default is left to choose. Pure. */
  readonly plan: (spec: z.infer<Schema>, planning: OutputPlanning) => Plan;
  /** Where a manifest has what a plan has in a field; by default in the same. */
  readonly fieldInSpec?: (spec: z.infer<Schema>, field: FieldPath) => FieldPath;
  /** A plan in a few words, the file's name left out. */
  readonly line: (plan: Plan) => string;
  /** More lines of what is in it, where one does not do. */
  readonly details?: (plan: Plan) => readonly string[];
  readonly write: OutputWriter<Plan>;
}

/** A kind as it is written: its types come from its parts. */
export function outputKind<Schema extends z.ZodType<{ kind: string }>, Plan extends object>(
  kind: OutputKind<Schema, Plan>,
): OutputKind<Schema, Plan> {
  return kind;
}

/** A field that names a tree. */
export interface TreeUse {
  readonly tree: string;
  readonly at: FieldPath;
}

/** What an output's plan is made from beside its fields. */
export interface OutputPlanning extends NamedBuild {
  readonly system: string;
  readonly arch: Arch;
  /** A UUID that depends on a tree, by default the output's, the output's file and this name alone. */
  readonly uuid: (name: string, tree?: string) => Uuid;
}

/**
 * Turns a tree into files. Sees the tree and its own plan only; an entry that the format
 * cannot express is a {@linkcode TowerError} `unsupported`, never a silent skip. An error says at
 * which field its reason stands (`atField`).
 */
export type OutputWriter<Plan> = (
  tree: FileTree,
  plan: Plan,
  context: WriteContext,
) => Promise<void>;
