import { z } from "zod";
import type { FieldPath } from "../../../lib/errors.ts";
import { kindOf, nameOf, specsOf } from "../../../lib/schema/kind.ts";
import type {
  AnyContent,
  ContentKind,
  ContentPlanning,
  LaidOut,
  LayOutContext,
  RoomRule,
} from "./content.ts";
import { ext4 } from "./contents/ext4.ts";
import { empty } from "./contents/empty.ts";
import { fat } from "./contents/fat.ts";
import { raw } from "./contents/raw.ts";
import { squashfs } from "./contents/squashfs.ts";
import { verity } from "./contents/verity.ts";
import type { Values } from "./values.ts";

/** A kind, whichever it is: its specs and plans are its own. */
interface AnyContentKind {
  readonly room: RoomRule;
  readonly mostBytes?: number;
  readonly fitsLate?: true;
  readonly startsLoaders?: true;
  readonly labelOf?: (spec: AnyContent, name: string) => string | undefined;
  readonly values?: Readonly<Record<string, number | "planned">>;
  readonly texts?: (spec: AnyContent) => readonly (readonly [FieldPath, string])[];
  readonly plan: (spec: AnyContent, planning: ContentPlanning) => AnyContent;
  readonly line: (plan: AnyContent) => string;
  readonly known?: (plan: AnyContent) => Values;
  readonly rootWords?: (plan: AnyContent, partition: string) => string;
  readonly layOut: (plan: AnyContent, context: LayOutContext) => LaidOut;
}

/** The kinds of content that a disk knows. */
export interface Contents {
  readonly spec: z.ZodType<AnyContent>;
  readonly kindOf: (content: AnyContent) => AnyContentKind;
  /** Values that texts may have of partitions, each with the kinds that have it. */
  readonly values: ReadonlyMap<string, readonly string[]>;
}

// What a kind makes a plan of differs from kind to kind.
// deno-lint-ignore no-explicit-any
type Kinds = readonly [ContentKind<any, any>, ...ContentKind<any, any>[]];

export function contentsOf(kinds: Kinds): Contents {
  const find = kindOf<AnyContentKind>(kinds);
  return {
    spec: z.discriminatedUnion("kind", specsOf(kinds)),
    kindOf: ({ kind }) => find(kind),
    values: valuesOf(kinds),
  };
}

function valuesOf(kinds: Kinds): Contents["values"] {
  const values = new Map<string, string[]>();
  for (const kind of kinds) {
    for (const value of Object.keys(kind.values ?? {})) {
      values.set(value, [...values.get(value) ?? [], nameOf(kind)]);
    }
  }
  return values;
}

/** Every kind of content. */
export const KINDS = [fat, ext4, squashfs, verity, raw, empty] as const;
