import type { UnpackedPackage } from "../../lib/apk/types.ts";
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

/**
 * Does something with packages of the store. When it fails because the store has other bytes than
 * were put there, every package that is hit is loaded anew, and all is done once more.
 *
 * @param known the packages, where they are loaded already
 * @param load loads what the store does not have
 * @throws {TowerError} `offline` and the like when a package cannot be loaded again; `damaged` when
 * the new bytes are no better, or are no package's.
 */
export async function withSoundPackages<T>(
  known: readonly UnpackedPackage[] | undefined,
  load: () => Promise<readonly UnpackedPackage[]>,
  engine: Pick<Engine, "store" | "reporter" | "breathe">,
  work: (packages: readonly UnpackedPackage[]) => Promise<T>,
): Promise<T> {
  const packages = known ?? await load();
  try {
    return await work(packages);
  } catch (error) {
    if (error instanceof TowerError && !MAY_BE_DAMAGE.includes(error.code)) throw error;
    const check = () => removeDamaged(packages, engine);
    const damaged = await telling(engine.reporter, "Hash the packages of the store", check);
    if (damaged.length === 0) throw error;
    return await work(await reload(load, damaged));
  }
}

/** Takes the damaged blobs of packages out of the store, with a word on each; tells which. */
async function removeDamaged(
  packages: readonly UnpackedPackage[],
  { store, reporter, breathe }: Pick<Engine, "store" | "reporter" | "breathe">,
): Promise<string[]> {
  const damaged: string[] = [];
  for (const { data, info } of packages) {
    await breathe();
    if (store.isWhole(data)) continue;
    store.remove(data);
    const what = `package "${info.name}-${info.version}" (blob "${data}")`;
    const message = `${what} was damaged in the store: loading it again`;
    reporter.report({ type: "warning", message });
    damaged.push(what);
  }
  return damaged;
}

async function reload(
  load: () => Promise<readonly UnpackedPackage[]>,
  damaged: readonly string[],
): Promise<readonly UnpackedPackage[]> {
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
