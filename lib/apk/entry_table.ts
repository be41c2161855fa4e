import type { PackageEntry } from "./package_entry.ts";

/** What many entries of a package share. */
type EntryKind = Pick<PackageEntry, "type" | "mode" | "uid" | "gid" | "user" | "group">;
/** What few entries have. */
type EntryExtra = Pick<PackageEntry, "xattrs" | "major" | "minor">;

/**
 * The entries of a package, checked: canonical paths, parents before children. Plain JSON in
 * columns, each with a value for every entry: an object for each would take several times the
 * memory, and a package may have a million.
 */
export interface EntryTable {
  readonly paths: readonly string[];
  readonly kinds: readonly EntryKind[];
  /** Indexes of `kinds`. */
  readonly kindOf: readonly number[];
  readonly mtimes: readonly number[];
  readonly sizes: readonly number[];
  readonly offsets: readonly number[];
  /** Targets of links, "" for the rest. */
  readonly targets: readonly string[];
  /** Base64 of 28 characters for each entry, blanks for those without. */
  readonly sha1: string;
  /** Base64 of 44 characters for each entry, blanks for those without. */
  readonly sha256: string;
  /** By index of the entry. */
  readonly extras: Readonly<Record<number, EntryExtra>>;
}

const SHA1_WIDTH = 28;
const SHA256_WIDTH = 44;

/** An entry as it is asked for: nothing of it is kept beside the table. */
class TableEntry implements PackageEntry {
  constructor(private readonly table: EntryTable, readonly index: number) {}

  get path(): string {
    return this.table.paths[this.index]!;
  }
  get type() {
    return this.#kind.type;
  }
  get mode(): number {
    return this.#kind.mode;
  }
  get uid(): number {
    return this.#kind.uid;
  }
  get gid(): number {
    return this.#kind.gid;
  }
  get user() {
    return this.#kind.user;
  }
  get group() {
    return this.#kind.group;
  }
  get mtime(): number {
    return this.table.mtimes[this.index]!;
  }
  get size(): number {
    return this.table.sizes[this.index]!;
  }
  get offset(): number {
    return this.table.offsets[this.index]!;
  }
  get target(): string | undefined {
    return this.table.targets[this.index] || undefined;
  }
  get sha1(): string | undefined {
    return hexAt(this.table.sha1, this.index, SHA1_WIDTH);
  }
  get sha256(): string | undefined {
    return hexAt(this.table.sha256, this.index, SHA256_WIDTH);
  }
  get xattrs() {
    return this.table.extras[this.index]?.xattrs;
  }
  get major() {
    return this.table.extras[this.index]?.major;
  }
  get minor() {
    return this.table.extras[this.index]?.minor;
  }

  get #kind(): EntryKind {
    return this.table.kinds[this.table.kindOf[this.index]!]!;
  }
}

function hexAt(column: string, index: number, width: number): string | undefined {
  const base64 = column.slice(index * width, (index + 1) * width);
  return base64.startsWith(" ") ? undefined : Uint8Array.fromBase64(base64).toHex();
}

/** @param index below the number of paths */
export function entryAt(table: EntryTable, index: number): PackageEntry {
  return new TableEntry(table, index);
}

/** All entries, in the order of the package. */
export function* entriesOf(
  table: EntryTable,
): Generator<PackageEntry & { readonly index: number }> {
  for (let i = 0; i < table.paths.length; i++) yield new TableEntry(table, i);
}

/** The table of a list. */
export function entryTable(entries: Iterable<PackageEntry>): EntryTable {
  const builder = new EntryTableBuilder();
  for (const entry of entries) builder.add(entry);
  return builder.table();
}

/** Puts a table together entry by entry. */
export class EntryTableBuilder {
  readonly #columns = {
    paths: [] as string[],
    kinds: [] as EntryKind[],
    kindOf: [] as number[],
    mtimes: [] as number[],
    sizes: [] as number[],
    offsets: [] as number[],
    targets: [] as string[],
    extras: {} as Record<number, EntryExtra>,
  };
  readonly #kinds = new Map<string, number>();
  readonly #sha1 = new DigestColumn(SHA1_WIDTH);
  readonly #sha256 = new DigestColumn(SHA256_WIDTH);

  /** Returns its index. */
  add(entry: PackageEntry): number {
    const { xattrs, major, minor } = entry;
    const columns = this.#columns;
    const index = columns.paths.push(entry.path) - 1;
    columns.kindOf.push(this.#kindOf(entry));
    columns.mtimes.push(entry.mtime);
    columns.sizes.push(entry.size);
    columns.offsets.push(entry.offset);
    columns.targets.push(entry.target ?? "");
    this.#sha1.add(entry.sha1);
    this.#sha256.add(entry.sha256);
    if (xattrs) columns.extras[index] = { xattrs };
    if (major !== undefined) Object.assign(columns.extras[index] ??= {}, { major, minor });
    return index;
  }

  table(): EntryTable {
    return { ...this.#columns, sha1: this.#sha1.text(), sha256: this.#sha256.text() };
  }

  #kindOf({ type, mode, uid, gid, user, group }: PackageEntry): number {
    const key = `${type} ${mode} ${uid} ${gid} ${user ?? ""} ${group ?? ""}`;
    let index = this.#kinds.get(key);
    if (index === undefined) {
      const names = {
        ...user === undefined ? {} : { user },
        ...group === undefined ? {} : { group },
      };
      index = this.#columns.kinds.push({ type, mode, uid, gid, ...names }) - 1;
      this.#kinds.set(key, index);
    }
    return index;
  }
}

/** Digests one after another as one text. */
class DigestColumn {
  readonly #none: string;
  #text = "";
  #recent: string[] = [];

  constructor(width: number) {
    this.#none = " ".repeat(width);
  }

  /** @param hex undefined for none */
  add(hex: string | undefined): void {
    this.#recent.push(hex === undefined ? this.#none : Uint8Array.fromHex(hex).toBase64());
    if (this.#recent.length === 1024) this.text();
  }

  text(): string {
    this.#text += this.#recent.join("");
    this.#recent = [];
    return this.#text;
  }
}
