import { formatDependency, parseDependency, readDependency, satisfies } from "../apk/dependency.ts";
import type { IndexedPackage } from "../apk/types.ts";
import { compareBytes } from "../bytes/bytes.ts";
import type { PackagesOfHost } from "./package_change.ts";

/** A package that a host has. */
export interface InstalledPackage extends Pick<IndexedPackage, "name" | "version"> {
  /** Bytes on the host's disk. */
  readonly installedSize: number;
  /** The item of the world that asks for it; absent where others need it. */
  readonly world?: string;
}

/** What a host has, in byte order of the names. */
export function installedList(
  { world, installed }: Pick<PackagesOfHost, "world" | "installed">,
): InstalledPackage[] {
  const asked = askedFor(world, installed);
  return installed
    .map((p) => {
      const { name, version, installedSize } = p;
      const item = asked.get(p);
      return { name, version, installedSize, ...item === undefined ? {} : { world: item } };
    })
    .sort((a, b) => compareBytes(a.name, b.name));
}

/** Packages that the world names, by their own name or by one that they provide. */
function askedFor(
  world: readonly string[],
  installed: readonly IndexedPackage[],
): Map<IndexedPackage, string> {
  const asked = new Map<IndexedPackage, string>();
  const items = new Map(world.map(parseDependency).map((item) => [item.name, item]));
  const ask = (p: IndexedPackage, name: string, version: string | undefined) => {
    const item = items.get(name);
    if (item === undefined || item.conflict || !satisfies(item, version, p.identity)) return;
    asked.set(p, formatDependency(item));
  };
  for (const p of installed) {
    for (const text of p.provides) {
      const provided = readDependency(text);
      if (provided !== undefined) ask(p, provided.name, provided.version);
    }
    ask(p, p.name, p.version);
  }
  return asked;
}
