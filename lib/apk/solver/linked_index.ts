import { concat } from "../../bytes/bytes.ts";
import type { IndexedPackage } from "../types.ts";

/** What choosing takes from a package's record; a description chooses nothing. */
export type LinkedPackage = Pick<
  IndexedPackage,
  | "identity"
  | "name"
  | "version"
  | "arch"
  | "size"
  | "installedSize"
  | "providerPriority"
  | "uninstallable"
  | "depends"
  | "provides"
  | "installIf"
>;

/** Stands for the name in a dependency that cannot be read. */
export const UNREAD = -1;

/**
 * Dependencies with the names in them: a name's rank where the dependency is that name alone; else
 * the text and, behind it, the rank of its name, or {@linkcode UNREAD}.
 */
export type LinkedDependencies = readonly (number | string)[];

/** A package's record in JSON: all but its texts are numbers, `name` is a rank. */
export type LinkedRecord = readonly [
  name: number,
  version: string,
  identity: string,
  arch: string,
  size: number,
  installedSize: number,
  providerPriority: number,
  depends: LinkedDependencies,
  provides: LinkedDependencies,
  installIf: LinkedDependencies,
  uninstallable?: string,
];

/** The tables of linked indexes, before they become bytes. Lists of a name follow one another. */
export interface LinkedTables {
  /** Names in order of first appearance: a name's rank is its place here. */
  readonly names: readonly string[];
  /** apk's bucket of each name. */
  readonly buckets: Uint16Array;
  /** Ranks ordered by bucket, so that a name is found by it. */
  readonly byBucket: Uint32Array;
  /** Where the packages of each name begin in `offers`, and one number more: where they end. */
  readonly offerStarts: Uint32Array;
  /** Packages that have or provide a name. */
  readonly offers: Uint32Array;
  readonly triggerStarts: Uint32Array;
  /** Packages whose install_if mentions a name. */
  readonly triggers: Uint32Array;
  /** For each package a bit for each repository that has it. */
  readonly repositories: Uint32Array;
  /** The {@linkcode LinkedRecord} of each package. */
  readonly records: readonly string[];
}

/** Numbers before the tables: how many items each has, and the bytes of both texts. */
const HEAD = 6;

/** The tables as bytes that {@linkcode LinkedIndex} reads in place, in this machine's byte order. */
export function formatLinked(tables: LinkedTables): Uint8Array<ArrayBuffer> {
  const names = encoded(tables.names, "text"), records = encoded(tables.records, "bytes");
  const { offers, triggers } = tables;
  const numbers = [
    new Uint32Array([
      ...[tables.names.length, tables.records.length, offers.length, triggers.length],
      ...[names.bytes.length, records.bytes.length],
    ]),
    ...[tables.offerStarts, offers, tables.triggerStarts, triggers, tables.repositories],
    ...[tables.byBucket, names.starts, records.starts],
  ];
  return concat([
    ...[...numbers, tables.buckets].map((table) =>
      new Uint8Array(table.buffer, table.byteOffset, table.byteLength)
    ),
    ...[names.bytes, records.bytes],
  ]);
}

/**
 * Texts in one as bytes, and where each begins there, or in the text that they are; and one number
 * more: where the last one ends.
 */
function encoded(texts: readonly string[], where: "text" | "bytes") {
  const encoder = new TextEncoder();
  // UTF-8 takes three bytes for a UTF-16 unit at most.
  const room = new Uint8Array(3 * texts.reduce((sum, { length }) => sum + length, 0));
  const starts = new Uint32Array(texts.length + 1);
  let size = 0;
  texts.forEach((text, i) => {
    size += encoder.encodeInto(text, room.subarray(size)).written;
    starts[i + 1] = where === "text" ? starts[i]! + text.length : size;
  });
  return { starts, bytes: room.subarray(0, size) };
}

/**
 * Names and packages of indexes, linked: read in place from what {@linkcode formatLinked} made, so
 * that opening it takes as long for one package as for all, and a package is an object once it is
 * asked for.
 */
export class LinkedIndex {
  readonly nameCount: number;
  readonly packageCount: number;
  readonly #offerStarts: Uint32Array;
  readonly #offers: Uint32Array;
  readonly #triggerStarts: Uint32Array;
  readonly #triggers: Uint32Array;
  readonly #repositories: Uint32Array;
  readonly #byBucket: Uint32Array;
  /** In UTF-16 units: names are cut out of one text. */
  readonly #nameStarts: Uint32Array;
  /** In bytes: few of the records become texts. */
  readonly #recordStarts: Uint32Array;
  readonly #buckets: Uint16Array;
  readonly #names: string;
  readonly #records: Uint8Array;
  readonly #decoder = new TextDecoder();

  /**
   * @param bytes at a place in their buffer that four divide.
   * @throws {RangeError} where they are not as many as they say.
   */
  constructor(readonly bytes: Uint8Array<ArrayBuffer>) {
    let at = bytes.byteOffset;
    const numbers = (count: number) => {
      const table = new Uint32Array(bytes.buffer, at, count);
      at += table.byteLength;
      return table;
    };
    const text = (length: number) => {
      at += length;
      return new Uint8Array(bytes.buffer, at - length, length);
    };
    const [names = 0, packages = 0, offers = 0, triggers = 0, nameBytes = 0, recordBytes = 0] =
      numbers(HEAD);
    this.nameCount = names;
    this.packageCount = packages;
    this.#offerStarts = numbers(names + 1);
    this.#offers = numbers(offers);
    this.#triggerStarts = numbers(names + 1);
    this.#triggers = numbers(triggers);
    this.#repositories = numbers(packages);
    this.#byBucket = numbers(names);
    this.#nameStarts = numbers(names + 1);
    this.#recordStarts = numbers(packages + 1);
    this.#buckets = new Uint16Array(bytes.buffer, at, names);
    at += this.#buckets.byteLength;
    this.#names = this.#decoder.decode(text(nameBytes));
    this.#records = text(recordBytes);
    if (at !== bytes.byteOffset + bytes.length) throw new RangeError("Cannot read linked indexes");
  }

  /** The rank of a name in a bucket, or -1. */
  find(text: string, bucket: number): number {
    let low = 0, high = this.nameCount;
    while (low < high) {
      const middle = low + high >>> 1;
      if (this.#buckets[this.#byBucket[middle]!]! < bucket) low = middle + 1;
      else high = middle;
    }
    for (; low < this.nameCount; low++) {
      const rank = this.#byBucket[low]!;
      if (this.#buckets[rank] !== bucket) return -1;
      if (this.nameAt(rank) === text) return rank;
    }
    return -1;
  }

  nameAt(rank: number): string {
    return this.#names.slice(this.#nameStarts[rank], this.#nameStarts[rank + 1]);
  }

  bucketAt(rank: number): number {
    return this.#buckets[rank]!;
  }

  /** Numbers of the packages that have or provide a name. */
  offering(rank: number): Uint32Array {
    return this.#offers.subarray(this.#offerStarts[rank], this.#offerStarts[rank + 1]);
  }

  /** Numbers of the packages whose install_if mentions a name. */
  triggered(rank: number): Uint32Array {
    return this.#triggers.subarray(this.#triggerStarts[rank], this.#triggerStarts[rank + 1]);
  }

  /** A bit for each repository that has a package. */
  repositoriesOf(number: number): number {
    return this.#repositories[number]!;
  }

  recordAt(number: number): LinkedRecord {
    const [start, end] = [this.#recordStarts[number], this.#recordStarts[number + 1]];
    return JSON.parse(this.#decoder.decode(this.#records.subarray(start, end)));
  }

  /** The dependencies as their packages wrote them. */
  textsOf(dependencies: LinkedDependencies): string[] {
    const texts: string[] = [];
    for (let i = 0; i < dependencies.length; i++) {
      const item = dependencies[i]!;
      if (typeof item === "number") texts.push(this.nameAt(item));
      else {
        texts.push(item);
        i++;
      }
    }
    return texts;
  }

  /** What a record says of its package. */
  packageOf(record: LinkedRecord): LinkedPackage {
    const [name, version, identity, arch, size, installedSize, providerPriority] = record;
    const uninstallable = record[10];
    return {
      identity: identity as LinkedPackage["identity"],
      name: this.nameAt(name),
      version,
      arch,
      size,
      installedSize,
      ...(providerPriority === 0 ? {} : { providerPriority }),
      depends: this.textsOf(record[7]),
      provides: this.textsOf(record[8]),
      installIf: this.textsOf(record[9]),
      ...(uninstallable === undefined ? {} : { uninstallable }),
    };
  }

  /** The names that packages have, those aside that they provide. */
  *packageNames(): Generator<string> {
    for (let i = 0; i < this.packageCount; i++) yield this.nameAt(this.recordAt(i)[0]);
  }
}
