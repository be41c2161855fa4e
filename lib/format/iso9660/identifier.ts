import { compareBytes } from "../../bytes/bytes.ts";

/** Characters of an identifier that a counter leaves room for; level 3 allows 30 and a dot. */
const LONGEST_STEM = 20;
const LONGEST_EXTENSION = 8;

/** A child of a directory by the name that systems without Rock Ridge show. */
export interface Identified<T> {
  readonly id: string;
  readonly child: T;
}

/**
 * Gives the children of a directory identifiers out of A-Z, 0-9 and `_` that differ, in the order
 * in which a directory has them (ECMA-119 §7.5, §7.6, §9.3). The same names get the same ones.
 *
 * @param children in an order that depends on their names alone
 */
export function identify<T>(
  children: readonly T[],
  { nameOf, isDirectory }: {
    readonly nameOf: (child: T) => string;
    readonly isDirectory: (child: T) => boolean;
  },
): Identified<T>[] {
  const used = new Set<string>();
  const counters = new Map<string, number>();
  const identified = children.map((child) => {
    const [stem, extension] = partsOf(nameOf(child), isDirectory(child));
    const suffix = isDirectory(child) ? "" : `.${extension}`;
    let id = stem + suffix;
    for (let n = counters.get(id) ?? 0; used.has(bare(id)); n++) {
      counters.set(stem + suffix, n + 1);
      const tail = `_${n.toString(36).toUpperCase()}`;
      id = stem.slice(0, LONGEST_STEM - tail.length) + tail + suffix;
    }
    used.add(bare(id));
    return { id: isDirectory(child) ? id : `${id};1`, child };
  });
  return identified.sort((a, b) => compareBytes(sortKey(a.id), sortKey(b.id)));
}

/** What tells identifiers apart: a file without an extension has the dot of a directory's name not. */
function bare(id: string): string {
  return id.endsWith(".") ? id.slice(0, -1) : id;
}

/** §9.3: the shorter of two names counts as filled with spaces, before the dot too. */
function sortKey(id: string): string {
  const [name = "", rest = ""] = id.split(".");
  return name.padEnd(31) + rest;
}

function partsOf(name: string, isDirectory: boolean): [stem: string, extension: string] {
  const dot = isDirectory ? -1 : name.lastIndexOf(".");
  const [stem, extension] = dot > 0 ? [name.slice(0, dot), name.slice(dot + 1)] : [name, ""];
  const plain = (text: string) => text.toUpperCase().replace(/[^A-Z0-9_]/g, "_");
  return [
    plain(stem).slice(0, LONGEST_STEM) || "_",
    plain(extension).slice(0, LONGEST_EXTENSION),
  ];
}
