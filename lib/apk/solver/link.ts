import { readDependency } from "../dependency.ts";
import type { IndexedPackage } from "../types.ts";
import { formatLinked, LinkedIndex, type LinkedRecord, UNREAD } from "./linked_index.ts";
import { bucketOf } from "./name_order.ts";

/** Repositories are bits of one number. */
const MAX_REPOSITORIES = 30;

/** The packages of each repository, linked: those of one are not looked at again with the next. */
export function link(indexes: Iterable<readonly IndexedPackage[]>): LinkedIndex {
  const linker = new Linker();
  let count = 0;
  for (const packages of indexes) {
    if (count === MAX_REPOSITORIES) {
      throw new RangeError(`Cannot solve over more than ${MAX_REPOSITORIES} repositories`);
    }
    for (const entry of packages) linker.add(entry, 1 << count);
    count++;
  }
  return linker.finish();
}

/** Numbers that belong to names, in the order in which they come. */
class Lists {
  readonly #names: number[] = [];
  readonly #items: number[] = [];
  readonly #last: number[] = [];

  /** Adds an item to a name's, unless it is its last one already. */
  add(name: number, item: number): void {
    if (this.#last[name] === item) return;
    this.#last[name] = item;
    this.#names.push(name);
    this.#items.push(item);
  }

  /** The items of all names, by name, and where those of each begin. */
  sorted(count: number): { starts: Uint32Array; items: Uint32Array } {
    const starts = new Uint32Array(count + 1);
    for (const name of this.#names) starts[name + 1]!++;
    for (let i = 0; i < count; i++) starts[i + 1]! += starts[i]!;
    const next = starts.slice(), items = new Uint32Array(this.#items.length);
    this.#names.forEach((name, i) => items[next[name]!++] = this.#items[i]!);
    return { starts, items };
  }
}

/**
 * Makes names known in the order of the records, as apk does: their rank decides ties. Equal
 * identity is the same package: the first record is kept (apk_db_pkg_add).
 */
class Linker {
  readonly #ranks = new Map<string, number>();
  readonly #numbers = new Map<string, number>();
  readonly #repositories: number[] = [];
  /** In JSON, a fifth of what they take as lists. */
  readonly #records: string[] = [];
  readonly #offers = new Lists();
  readonly #triggers = new Lists();

  add(entry: IndexedPackage, bit: number): void {
    const known = this.#numbers.get(entry.identity);
    if (known !== undefined) {
      this.#repositories[known]! |= bit;
      return;
    }
    const number = this.#records.length;
    this.#numbers.set(entry.identity, number);
    this.#repositories.push(bit);
    const name = this.#rank(entry.name);
    this.#offers.add(name, number);
    const depends = this.#linked(entry.depends);
    const provides = this.#linked(entry.provides);
    for (const rank of ranksIn(provides)) if (rank !== UNREAD) this.#offers.add(rank, number);
    const installIf = this.#linked(entry.installIf);
    const conditions = ranksIn(installIf);
    if (!conditions.includes(UNREAD)) {
      for (const rank of conditions) this.#triggers.add(rank, number);
    }
    const { version, identity, arch, size, installedSize, providerPriority = 0 } = entry;
    const { uninstallable } = entry;
    const numbers = [size, installedSize, providerPriority] as const;
    const lists = [depends, provides, installIf] as const;
    const record: LinkedRecord = [name, version, identity, arch, ...numbers, ...lists];
    const whole = uninstallable === undefined ? record : [...record, uninstallable];
    this.#records.push(JSON.stringify(whole));
  }

  finish(): LinkedIndex {
    const names = [...this.#ranks.keys()];
    const buckets = Uint16Array.from(names, bucketOf);
    const byBucket = Uint32Array.from(names, (_, rank) => rank)
      .sort((a, b) => buckets[a]! - buckets[b]!);
    const offers = this.#offers.sorted(names.length);
    const triggers = this.#triggers.sorted(names.length);
    return new LinkedIndex(formatLinked({
      names,
      buckets,
      byBucket,
      offerStarts: offers.starts,
      offers: offers.items,
      triggerStarts: triggers.starts,
      triggers: triggers.items,
      repositories: Uint32Array.from(this.#repositories),
      records: this.#records,
    }));
  }

  #rank(name: string): number {
    let rank = this.#ranks.get(name);
    if (rank === undefined) this.#ranks.set(name, rank = this.#ranks.size);
    return rank;
  }

  #linked(texts: readonly string[]): (number | string)[] {
    const linked: (number | string)[] = [];
    for (const text of texts) {
      const known = this.#ranks.get(text);
      if (known !== undefined) linked.push(known);
      else {
        const name = readDependency(text)?.name;
        if (name === undefined) linked.push(text, UNREAD);
        else if (name === text) linked.push(this.#rank(name));
        else linked.push(text, this.#rank(name));
      }
    }
    return linked;
  }
}

function ranksIn(linked: readonly (number | string)[]): number[] {
  return linked.filter((item) => typeof item === "number");
}
