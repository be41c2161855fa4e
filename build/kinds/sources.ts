import { z } from "zod";
import type { PlannedSource, SourceContent } from "../../lib/archive/entry.ts";
import { kindOf, type SpecsOf, specsOf } from "../../lib/schema/kind.ts";
import { apkFields, apkSource } from "../sources/apk_lock.ts";
import { archive } from "../sources/archive.ts";
import { build } from "../sources/build.ts";
import type { Asked, SourcePorts } from "../sources/source.ts";

/** Every kind of source that a manifest names; packages come from what its stages ask for. */
const SOURCES = [archive, build] as const;

export const sourceSpec = z.discriminatedUnion("kind", specsOf(SOURCES));
export type SourceSpec = SpecsOf<typeof SOURCES>;

const lockedSchemas = lockedOf(SOURCES);
/** What a lock says of a source. */
export const lockedSource = z.discriminatedUnion("kind", [apkSource, ...lockedSchemas]);
/** What a lock says of packages, which was all that a lock of version 1 said. */
export const packagesFields = apkFields;
/** What a lock says of a source that the manifest names. */
export type NamedSource = z.infer<typeof lockedSchemas[number]>;
/** What a build asks of a source that the manifest names. */
export type AskedSource = Asked<SourceSpec>;

/** A kind, whichever it is: its specs and locks are its own. */
interface AnySource {
  readonly plan: (locked: NamedSource, spec: SourceSpec) => PlannedSource;
  readonly fits: (locked: NamedSource, asked: AskedSource) => boolean;
  readonly resolve: (
    asked: AskedSource,
    before: NamedSource | undefined,
    ports: SourcePorts,
  ) => Promise<{ readonly locked: NamedSource }>;
  readonly load: (
    locked: NamedSource,
    asked: AskedSource,
    ports: SourcePorts,
  ) => Promise<SourceContent>;
}

const find = kindOf<AnySource>(SOURCES);

/** The schemas of what locks say, each with its own type. */
function lockedOf<const All extends readonly { readonly locked: z.ZodType }[]>(
  kinds: All,
): { [I in keyof All]: All[I]["locked"] } {
  return kinds.map(({ locked }) => locked) as { [I in keyof All]: All[I]["locked"] };
}

/** Whether a lock's source is what is asked for. */
export function sourceFits(locked: NamedSource, asked: AskedSource): boolean {
  return locked.kind === asked.kind && locked.name === asked.name &&
    find(asked.kind).fits(locked, asked);
}

/** What of a source decides a build. */
export function planSource(locked: NamedSource, spec: SourceSpec): PlannedSource {
  return find(spec.kind).plan(locked, spec);
}

/** Fixes what is asked for; `before` is what the lock said of it. */
export async function resolveSource(
  asked: AskedSource,
  before: NamedSource | undefined,
  ports: SourcePorts,
): Promise<NamedSource> {
  return (await find(asked.kind).resolve(asked, before, ports)).locked;
}

/** Brings what is locked into the store. */
export function loadSource(
  locked: NamedSource,
  asked: AskedSource,
  ports: SourcePorts,
): Promise<SourceContent> {
  return find(asked.kind).load(locked, asked, ports);
}
