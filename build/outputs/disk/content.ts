import type { z } from "zod";
import type { ByteSource } from "../../../lib/bytes/bytes.ts";
import type { FieldPath } from "../../../lib/errors.ts";
import type { BlockCompressor } from "../../../lib/format/block_compressor.ts";
import type { BlockPacking } from "../../../lib/format/block_encoder.ts";
import type { Uuid } from "../../../lib/format/uuid.ts";
import type { ContentSink } from "../../../lib/tree/content_sink.ts";
import type { Content, ContentReader } from "../../../lib/tree/entry.ts";
import type { FileTree } from "../../../lib/tree/file_tree.ts";
import type { BootVolume } from "./boot_volume.ts";
import type { FillIn, Values } from "./values.ts";

/** What every content says of itself, in a manifest and in a plan. */
export interface AnyContent {
  readonly kind: string;
  /** The folder of the tree that it holds, and is mounted at; "" is the tree's root. */
  readonly folder?: string | undefined;
  /** The tree of which it holds something, where that is another than the disk's. */
  readonly tree?: string | undefined;
  /** What people and systems know it by. */
  readonly label?: string | undefined;
  /** Name of the partition that it is made of, each byte of which a medium then has to hold. */
  readonly of?: string | undefined;
}

/**
 * What a manifest says of a partition's size: `either` how much stays free or the exact size, the
 * exact `size`, or, where the content has one of its own, `any` of these or nothing.
 */
export type RoomRule = "either" | "size" | "any";

/** How large a partition is: at most one of the two is given. */
export interface Room {
  /** Bytes to spare beyond the content. */
  readonly free?: number | undefined;
  /** Exact bytes, a multiple of 4096. */
  readonly size?: number | undefined;
}

/**
 * A kind of content of a partition: what a manifest may say of it, what a plan fixes of that, and
 * how it is written. Its row stands in `contents.ts`.
 */
export interface ContentKind<Schema extends z.ZodType<AnyContent>, Plan extends AnyContent> {
  /** The fields, `kind` among them; their descriptions are the reference page. */
  readonly spec: Schema;
  readonly room: RoomRule;
  /** Most bytes that its format has numbers for; by default what a table reaches. */
  readonly mostBytes?: number;
  /** Whether only its writing tells that a size is too small for it. */
  readonly fitsLate?: true;
  /** Whether boot loaders can start from it. */
  readonly startsLoaders?: true;
  /** Its label, where it has one, in a partition of a name; undefined where one has to be given. */
  readonly labelOf?: (spec: z.infer<Schema>, name: string) => string | undefined;
  /**
   * Values that texts of others may have as `{NAME:PARTITION}`: `planned` ones are known from a plan, of
   * those known only once it is written the characters are told.
   */
  readonly values?: Readonly<Record<string, number | "planned">>;
  /** Fields with a text in which values of other partitions may stand. */
  readonly texts?: (spec: z.infer<Schema>) => readonly (readonly [FieldPath, string])[];
  /** Fixes all that could vary, as plain JSON. Pure. */
  readonly plan: (spec: z.infer<Schema>, planning: ContentPlanning) => Plan;
  /** A plan in a few words. */
  readonly line: (plan: Plan) => string;
  /** The `planned` values of a plan. */
  readonly known?: (plan: Plan) => Values;
  /** What a kernel is told to mount it as its root, where it can be one: values may stand in it. */
  readonly rootWords?: (plan: Plan, partition: string) => string;
  /**
   * Decides how large it is and where everything in it lies; nothing is written yet.
   *
   * @throws {TowerError} `no-space` or `limit` for a size that does not do, others for a tree that
   * it cannot hold
   */
  readonly layOut: (plan: Plan, context: LayOutContext) => LaidOut;
}

/** A kind as it is written: its types come from its parts. */
export function contentKind<Schema extends z.ZodType<AnyContent>, Plan extends AnyContent>(
  kind: ContentKind<Schema, Plan>,
): ContentKind<Schema, Plan> {
  return kind;
}

/** What a content's plan is made from beside its fields. */
export interface ContentPlanning {
  /** Of its partition. */
  readonly name: string;
  /** Whether firmware looks for it: an EFI system partition. */
  readonly isEsp: boolean;
  /** A UUID that depends on the build, the disk, the partition and this name alone. */
  readonly uuid: (what: string) => Uuid;
}

export interface LayOutContext {
  readonly room: Room;
  /** Seconds since 1970 for every time the tree does not give. */
  readonly epoch: number;
  /** The part of its tree that a content holds: its folder, without what other partitions hold. */
  readonly treeOf: (content: AnyContent) => FileTree;
  /** Bytes of the partition that the content is made {@linkcode AnyContent.of}. */
  readonly sizeOf: (content: { readonly of: string }) => number;
  /** The content of a file in the whole of its tree. @throws {TowerError} `not-found` */
  readonly fileAt: (path: string) => Content;
  /** Fills in values; those not known yet as zeros, as many as they have characters. */
  readonly fillIn: FillIn;
  /** Where boot loaders start from it. */
  readonly boot?: BootVolume | undefined;
}

/** A content with every place in it decided. */
export interface LaidOut {
  /** Bytes of the partition, a multiple of 512. */
  readonly size: number;
  /** Bytes whose writing is told as progress. */
  readonly bytes: number;
  /** The type that its partition has in an MBR where the manifest leaves that to it. */
  readonly mbrType: number;
  /** What a medium must hold as it is, zeros included; the rest is free space. */
  readonly used: Iterable<readonly [offset: number, length: number]>;
  /**
   * Writes it; what stays unwritten must read as zeros.
   * @returns values that are known now
   * @throws {TowerError} `no-space` where only what was compressed tells that it does not fit
   */
  readonly write: (sink: ContentSink, context: WritingContext) => MaybeLater<Values | void>;
}

export interface WritingContext {
  readonly reader: ContentReader;
  /** Of the partition, counted from the disk's start. */
  readonly firstSector: number;
  readonly fillIn: FillIn;
  /** What the partition holds that the content is made {@linkcode AnyContent.of}. */
  readonly dataOf: (content: { readonly of: string }) => ByteSource;
  /** A compressor of a file system's blocks that works on all processors. */
  readonly blockCompressor: (packing: BlockPacking) => BlockCompressor;
  /** Tells how many bytes are done. */
  readonly tell: (done: number) => void;
  /** The same, to be waited for: others have their turn meanwhile, such as a signal that ends the work. */
  readonly onProgress: (done: number) => Promise<void>;
}

/** What is there, or will be. */
type MaybeLater<T> = T | Promise<T>;
