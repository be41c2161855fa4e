import { anyOf, type Dependency, readDependency, satisfies } from "../../lib/apk/dependency.ts";
import type { Identity } from "../../lib/apk/identity.ts";
import type { PackageFields } from "../../lib/apk/types.ts";
import { type Described, reachedFrom } from "./apk_reach.ts";

/** A package with what it needs and gives. */
export interface ClosurePackage extends Described {
  readonly info: Pick<PackageFields, "name" | "version" | "depends" | "provides" | "installIf">;
  readonly identity: Identity;
}

/** A name that a package gives, with the version of it, if any. */
interface Offer {
  readonly by: ClosurePackage;
  readonly version: string | undefined;
}

/**
 * Why a solver can never have chosen a set of packages for a world: one is there twice, an item or what
 * a package needs is not met, two do not go together, or nothing asks for one. Which of several sets
 * that would do is the best is another question, which only the indexes answer.
 *
 * @param world the items that were to be had
 */
export function closureFault(
  packages: readonly ClosurePackage[],
  world: readonly string[],
): string | undefined {
  const names = packages.map(({ info }) => info.name);
  const double = names.find((name, i) => names.indexOf(name) !== i);
  if (double !== undefined) return `it has "${double}" twice`;
  const offers = offersOf(packages);
  const broken = world.find((item) => !isHeld(itemOf(item), offers));
  if (broken !== undefined) return `"${broken}" is asked for, and its packages do not give that`;
  for (const by of packages) {
    for (const text of by.info.depends) {
      const item = itemOf(text);
      if (isHeld(item, offers, by)) continue;
      return item.conflict
        ? `"${by.info.name}" cannot be beside its other packages, as it has "${text}"`
        : `"${by.info.name}" needs "${text}", and its packages do not give that`;
    }
  }
  const wanted = world.map(itemOf).filter(({ conflict }) => !conflict).map(({ name }) => name);
  const reached = reachedFrom(wanted, packages);
  const idle = packages.find((item) => !reached.has(item));
  return idle && `nothing asks for "${idle.info.name}"`;
}

/** What apk cannot read as a dependency is a name that nothing has. */
function itemOf(text: string): Dependency {
  return readDependency(text) ?? anyOf(text);
}

function offersOf(packages: readonly ClosurePackage[]): ReadonlyMap<string, readonly Offer[]> {
  const offers = new Map<string, Offer[]>();
  const add = (name: string, offer: Offer) => {
    const known = offers.get(name);
    if (known) known.push(offer);
    else offers.set(name, [offer]);
  };
  for (const by of packages) {
    add(by.info.name, { by, version: by.info.version });
    for (const { name, version } of by.info.provides.map(itemOf)) add(name, { by, version });
  }
  return offers;
}

/** @param asker whose conflicts with itself do not count */
function isHeld(
  item: Dependency,
  offers: ReadonlyMap<string, readonly Offer[]>,
  asker?: ClosurePackage,
): boolean {
  const meets = ({ by, version }: Offer) => satisfies(item, version, by.identity);
  const found = offers.get(item.name) ?? [];
  return item.conflict ? found.filter(({ by }) => by !== asker).every(meets) : found.some(meets);
}
