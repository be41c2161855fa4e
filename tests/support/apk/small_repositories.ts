import { createHash } from "node:crypto";
import type { Repository } from "../../../lib/apk/solver.ts";
import type { Identity } from "../../../lib/apk/identity.ts";
import type { IndexedPackage } from "../../../lib/apk/types.ts";
import type { RandomNumbers } from "../program/random_numbers.ts";

const NAMES = "abcdefgh".split("");
const VIRTUALS = ["v", "w", "so:x", "cmd:y"];
const VERSIONS = ["1", "1-r1", "1.1", "2_rc1", "2"];

/**
 * One to three small repositories in which every rule of the solver meets every other: several
 * versions of a name, versioned and virtual provides, priorities, install_if, conflicts, cycles,
 * tags, and packages that two repositories share.
 */
export function smallRepositories(random: RandomNumbers): Repository[] {
  const repositories: Repository[] = [];
  const earlier: IndexedPackage[] = [];
  const count = 1 + random.below(3);
  for (let i = 0; i < count; i++) {
    const packages: IndexedPackage[] = [];
    for (const name of NAMES) {
      for (let k = random.pick([0, 1, 1, 1, 2, 3]); k > 0; k--) {
        packages.push(makePackage(random, name, `${i}.${packages.length}`));
      }
    }
    if (earlier.length > 0 && random.below(2) === 0) packages.push(random.pick(earlier));
    earlier.push(...packages);
    const url = `repository-${i}`;
    const tag = i > 0 && random.below(2) === 0 ? random.pick(["t", "u"]) : undefined;
    repositories.push(tag === undefined ? { url, packages } : { url, tag, packages });
  }
  return repositories;
}

function makePackage(random: RandomNumbers, name: string, salt: string): IndexedPackage {
  const version = random.pick(VERSIONS);
  const sha1 = createHash("sha1").update(`${salt}.${random.below(2 ** 32)}`).digest("base64");
  const priority = random.pick([0, 0, 0, 1, 5]);
  const others = NAMES.filter((other) => other !== name);
  const list = (counts: readonly number[], make: () => string) =>
    Array.from({ length: random.pick(counts) }, make);
  const anyName = () => random.pick(random.below(4) === 0 ? VIRTUALS : others);
  return {
    identity: `Q1${sha1}` as Identity,
    name,
    version,
    arch: "x86_64",
    size: 1000,
    installedSize: random.pick([0, 4096, 4096, 4096]),
    description: "test",
    url: "",
    license: "MIT",
    ...(priority === 0 ? {} : { providerPriority: priority }),
    depends: list([0, 1, 1, 2, 3], () => constrained(random, anyName(), 10)),
    provides: list([0, 0, 1, 1, 2], () => provided(random, anyName())),
    installIf: list([0, 0, 0, 0, 1, 2], () => constrained(random, anyName(), 12)),
  };
}

function provided(random: RandomNumbers, name: string): string {
  return random.below(2) === 0 ? name : `${name}=${random.pick(VERSIONS)}`;
}

/** A name, sometimes with a constraint, and in one of `rarity` cases as a conflict. */
function constrained(random: RandomNumbers, name: string, rarity: number): string {
  const conflict = random.below(rarity) === 0 ? "!" : "";
  if (random.below(4) !== 0) return conflict + name;
  return conflict + name + random.pick(["=", "<", ">", "<=", ">=", "~"]) + random.pick(VERSIONS);
}

/** A world over small repositories: each name once, some of them pinned. */
export function smallWorld(random: RandomNumbers): string[] {
  const items = new Map<string, string>();
  for (let k = 1 + random.below(4); k > 0; k--) {
    const name = random.pick(random.below(5) === 0 ? VIRTUALS : NAMES);
    const item = constrained(random, name, 8);
    const pinned = random.below(5) === 0 ? `${name}@${random.pick(["t", "u"])}` : name;
    items.set(name, item.replace(name, pinned));
  }
  return [...items.values()];
}
