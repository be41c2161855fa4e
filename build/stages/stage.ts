import type { z } from "zod";
import type { ScriptOutcome } from "../../lib/apk/scripts/outcome.ts";
import type { Breathe } from "../../lib/breathe.ts";
import type { TrustedKey, UnpackedPackage } from "../../lib/apk/types.ts";
import type { PlannedSource, SourceContent } from "../../lib/archive/entry.ts";
import type { Arch, Digest } from "../../lib/brand.ts";
import type { BlockCompressor } from "../../lib/format/block_compressor.ts";
import type { BlockPacking } from "../../lib/format/block_encoder.ts";
import type { NamedBuild } from "../../lib/release/artifact_name.ts";
import type { Compression } from "../../lib/release/file_names.ts";
import type { ZstdBuild } from "../../lib/format/zstd.ts";
import type { Content, ContentReader } from "../../lib/tree/entry.ts";
import type { EfiSigner } from "../../lib/secure_boot/efi_signer.ts";
import type { BlobWriter } from "../../lib/store/ports.ts";
import type { FileTree } from "../../lib/tree/file_tree.ts";
import type { Reporter } from "../../lib/report/event.ts";

/**
 * A kind of stage: what a manifest may say of it, what a plan fixes of that, and what it does to a
 * tree. Its row stands in `build/kinds/stages.ts`.
 */
export interface StageKind<Schema extends z.ZodType<{ kind: string }>, Plan extends object> {
  /** The fields, `kind` among them; their descriptions are the reference page. */
  readonly spec: Schema;
  /** The folder beside the manifest, if any, whose files it takes. */
  readonly overlay?: (spec: z.infer<Schema>) => OverlayFolder | undefined;
  /** The source of the manifest, if any, that it takes. */
  readonly source?: (spec: z.infer<Schema>) => string | undefined;
  /** Fixes all that could vary, as plain JSON: no default is left to choose. Pure. */
  readonly plan: (spec: z.infer<Schema>, planning: StagePlanning<Plan>) => Plan;
  /** A plan in a few words. */
  readonly line: (plan: Plan) => string;
  /**
   * Changes the tree as the plan says. Never names a system, never reads the machine; an error says
   * at which field its reason stands (`atField`).
   */
  readonly apply: Stage<Plan>;
}

export type Stage<Plan> = (
  tree: FileTree,
  plan: Plan,
  context: StageContext,
) => void | Promise<void>;

/** A kind as it is written: its types come from its parts. */
export function stageKind<Schema extends z.ZodType<{ kind: string }>, Plan extends object>(
  kind: StageKind<Schema, Plan>,
): StageKind<Schema, Plan> {
  return kind;
}

/** What a stage's plan is made from beside its fields. */
export interface StagePlanning<Plan> {
  /** The files of its overlay folder. */
  readonly overlay: readonly OverlayFile[];
  /** Plans of the stages of its kind before it. */
  readonly earlier: readonly Plan[];
  /** Id of a tree of the same plan that is made before. */
  readonly treeId: (name: string) => Digest;
  /** What names of files may tell, and more that is the same for the whole plan. */
  readonly named: NamedBuild & { readonly system: string; readonly arch: Arch };
  /** What was chosen for the world of all stages together. */
  readonly chosen: ChosenPackages;
  /** The sources of the manifest, by name. */
  readonly sources: ReadonlyMap<string, PlannedSource>;
}

/** A folder whose files a stage takes, beside its manifest, and the field that names it. */
export interface OverlayFolder {
  readonly field: string;
  readonly folder: string;
}

/** A file of an overlay folder, its content in the store. */
export interface OverlayFile {
  /** Path in the tree. */
  readonly path: string;
  readonly digest: Digest;
  readonly size: number;
  readonly executable: boolean;
}

/** What a lock says of a world. */
export interface ChosenPackages {
  /** Items of the world, as far as they were to be had. */
  readonly world: readonly string[];
  /** Lines of /etc/apk/repositories. */
  readonly repositories: readonly string[];
  readonly keys: readonly TrustedKey[];
  /** Repository tag by the name of the package that was pinned to it. */
  readonly tags: Readonly<Record<string, string>>;
}

/**
 * Files by name that depend on nothing but the parts: those that were made before are taken again.
 * @param parts what decides them, as JSON
 */
export type MadeFiles = (
  kind: string,
  parts: unknown,
  make: () => Promise<ReadonlyMap<string, Uint8Array>>,
) => Promise<ReadonlyMap<string, Content>>;

/**
 * Makes content that is too big for memory: `write` makes its bytes, in any order, and they are
 * compressed behind that.
 */
export type MakeContent = (
  compression: Compression | "none",
  write: (bytes: BlobWriter) => void | Promise<void>,
) => Promise<Content>;

export interface StageContext {
  readonly reader: ContentReader;
  readonly content: MakeContent;
  /** A compressor of a file system's blocks that works on all processors. */
  readonly blockCompressor: (packing: BlockPacking) => BlockCompressor;
  /** A tree of the same plan that was made before. */
  readonly tree: (name: string) => FileTree;
  /** Where a stage puts content that it writes in order. */
  readonly blobs: { writer(): BlobWriter };
  readonly arch: Arch;
  /** Seconds since 1970 of every entry that a stage makes. */
  readonly epoch: number;
  /** The chosen packages, in the order of installation. */
  readonly packages: readonly UnpackedPackage[];
  /** What the sources of the manifest hold, by name. */
  readonly sources: ReadonlyMap<string, SourceContent>;
  /** Takes what became of a package's script, for the record. */
  readonly onScript: (outcome: ScriptOutcome) => void;
  readonly reporter: Reporter;
  /** The build of libzstd to take; the bytes are the same. */
  readonly zstd: ZstdBuild;
  readonly made: MadeFiles;
  /** Signs EFI programs by a key that no stage sees. */
  readonly efiSigner: EfiSigner;
  /** To be called in every loop that may take long. */
  readonly breathe: Breathe;
}
