import type { IndexedPackage } from "../apk/types.ts";
import { compareVersions } from "../apk/version.ts";
import { compareBytes } from "../bytes/bytes.ts";

/** Most characters of a description. */
const DESCRIPTION_LIMIT = 200;

/** A package that a search found. */
export interface FoundPackage {
  readonly name: string;
  readonly version: string;
  /** Of its repository, without `@`. */
  readonly tag?: string;
  /** Bytes of its file, and on disk. */
  readonly size: number;
  readonly installedSize: number;
  /** One line in which nothing drives a terminal. */
  readonly description: string;
  /** The version that the host has. */
  readonly installed?: string;
}

/** What is searched: the indexes of a host's repositories, and what it has. */
export interface Searched {
  readonly sources: readonly {
    readonly tag?: string;
    readonly packages: readonly IndexedPackage[];
  }[];
  readonly installed: readonly IndexedPackage[];
}

/**
 * Packages whose name or description has a word, whatever its case: of each name the newest of each
 * tag. The one of that very name comes first, then names that begin with it, then the others.
 */
export function searchIndexes(word: string, { sources, installed }: Searched): FoundPackage[] {
  const wanted = word.toLowerCase();
  const there = new Map(installed.map(({ name, version }) => [name, version]));
  const found = new Map<string, FoundPackage>();
  for (const { tag, packages } of sources) {
    for (const p of packages) {
      if (p.uninstallable !== undefined) continue;
      const description = oneLine(p.description);
      if (rankOf(p.name, description, wanted) === MISSED) continue;
      const key = `${p.name}@${tag ?? ""}`, known = found.get(key);
      if (known !== undefined && compareVersions(known.version, p.version) >= 0) continue;
      const { name, version, size, installedSize } = p;
      const has = there.get(name);
      found.set(key, {
        ...{ name, version, size, installedSize, description },
        ...tag === undefined ? {} : { tag },
        ...has === undefined ? {} : { installed: has },
      });
    }
  }
  const rank = (p: FoundPackage) => rankOf(p.name, p.description, wanted);
  return [...found.values()].sort((a, b) =>
    rank(a) - rank(b) || compareBytes(a.name, b.name) || compareBytes(a.tag ?? "", b.tag ?? "")
  );
}

const MISSED = 4;

function rankOf(name: string, description: string, wanted: string): number {
  const lower = name.toLowerCase();
  if (lower === wanted) return 0;
  if (lower.startsWith(wanted)) return 1;
  if (lower.includes(wanted)) return 2;
  return description.toLowerCase().includes(wanted) ? 3 : MISSED;
}

/** Neither control nor format characters, such as those that turn the direction of a line around. */
function oneLine(text: string): string {
  return text.slice(0, DESCRIPTION_LIMIT).toWellFormed()
    .replace(/[\p{C}\p{Zl}\p{Zp}\s]+/gu, " ").trim();
}
