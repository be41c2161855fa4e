import type { UnpackedPackage } from "../../lib/apk/types.ts";
import type { SourceContent } from "../../lib/archive/entry.ts";
import type { Digest } from "../../lib/brand.ts";
import { type ErrorCode, TowerError } from "../../lib/errors.ts";
import { telling } from "../../lib/report/telling.ts";
import type { Engine } from "./engine.ts";

/** What wrong bytes lead to: a kernel module's may be met by a parser before they are hashed. */
const MAY_BE_DAMAGE: readonly ErrorCode[] = [
  "conflict",
  "damaged",
  "limit",
  "malformed",
  "not-found",
  "unsupported",
];

/** What the sources of a build brought into the store. */
export interface LoadedSources {
  /** All, each once. */
  readonly packages: readonly UnpackedPackage[];
  /** Of the other sources, by name. */
  readonly contents: ReadonlyMap<string, SourceContent>;
}

/**
 * Does something with what sources brought into the store. When it fails because the store has other
 * bytes than were put there, everything that is hit is loaded anew, and all is done once more.
 *
 * @param known what they brought, where it is loaded already
 * @param load loads what the store does not have
 * @throws {TowerError} `offline` and the like when a package cannot be loaded again; `damaged` when
 * the new bytes are no better, or are no package's.
 */
export async function withSoundSources<T>(
  known: LoadedSources | undefined,
  load: () => Promise<LoadedSources>,
  engine: Pick<Engine, "store" | "reporter" | "breathe">,
  work: (sources: LoadedSources) => Promise<T>,
): Promise<T> {
  const sources = known ?? await load();
  try {
    return await work(sources);
  } catch (error) {
    if (error instanceof TowerError && !MAY_BE_DAMAGE.includes(error.code)) throw error;
    const check = () => removeDamaged(sources, engine);
    const damaged = await telling(engine.reporter, "Hash the packages of the store", check);
    if (damaged.length === 0) throw error;
    return await work(await reload(load, damaged));
  }
}

/** Takes the damaged blobs of sources out of the store, with a word on each; tells which. */
async function removeDamaged(
  sources: LoadedSources,
  { store, reporter, breathe }: Pick<Engine, "store" | "reporter" | "breathe">,
): Promise<string[]> {
  const damaged: string[] = [];
  for (const { blob, of } of storedIn(sources)) {
    await breathe();
    if (store.isWhole(blob)) continue;
    store.remove(blob);
    const what = `${of} (blob "${blob}")`;
    const message = `${what} was damaged in the store: loading it again`;
    reporter.report({ type: "warning", message });
    damaged.push(what);
  }
  return damaged;
}

/** The blobs that trees are made of. */
export function storedIn({ packages, contents }: LoadedSources): { blob: Digest; of: string }[] {
  return [
    ...packages.map(({ data, info }) => ({
      blob: data,
      of: `package "${info.name}-${info.version}"`,
    })),
    ...[...contents].map(([name, content]) => ({
      blob: (content.type === "file" ? content.file : content.data).digest,
      of: `source "${name}"`,
    })),
  ];
}

async function reload(
  load: () => Promise<LoadedSources>,
  damaged: readonly string[],
): Promise<LoadedSources> {
  try {
    return await load();
  } catch (cause) {
    if (!(cause instanceof TowerError) || cause.code === "interrupted") throw cause;
    const message = `Cannot replace what was damaged in the store: ${damaged.join(", ")}`;
    throw new TowerError(cause.code, message, {
      cause,
      ...(cause.hint === undefined ? {} : { hint: cause.hint }),
    });
  }
}
