import type { IndexedPackage } from "../../../lib/apk/types.ts";
import type { RandomNumbers } from "../program/random_numbers.ts";

/** Makes worlds over an index: many that have a solution, and many that almost have one. */
export class WorldMaker {
  readonly #names: readonly string[];
  readonly #provided: readonly string[];

  constructor(private readonly packages: readonly IndexedPackage[]) {
    this.#names = packages.map((item) => item.name);
    this.#provided = packages.flatMap((item) => item.provides).map((text) =>
      text.replace(/[<>=~].*$/, "")
    );
  }

  /** A world of at most `size` items, each name once. */
  make(random: RandomNumbers, size: number): string[] {
    const items = new Map<string, string>();
    // Most packages need a shell, which no package provides unasked.
    if (random.below(10) < 8) items.set("busybox", "busybox");
    for (let i = 0; i < size; i++) {
      const [name, item] = this.#item(random);
      items.set(name, item);
    }
    return [...items.values()];
  }

  #item(random: RandomNumbers): [name: string, item: string] {
    const roll = random.below(100);
    if (roll < 10) {
      const name = random.pick(this.#provided);
      return [name, name];
    }
    if (roll < 14) {
      const name = random.pick(this.#names);
      return [name, `!${name}`];
    }
    if (roll < 16) {
      const name = random.pick(this.#provided);
      return [name, `!${name}`];
    }
    if (roll < 24) {
      const { name, version } = random.pick(this.packages);
      return [name, name + random.pick(["=", ">=", "<=", "<", ">", "~", ">~", "<~"]) + version];
    }
    if (roll < 27) {
      const { name } = random.pick(this.packages);
      return [name, `!${name}${random.pick(["<", ">", "="])}${random.below(5)}.${random.below(9)}`];
    }
    if (roll < 28) {
      const { name, identity } = random.pick(this.packages);
      return [name, `${name}><${identity}`];
    }
    const name = random.pick(this.#names);
    return [name, name];
  }
}
