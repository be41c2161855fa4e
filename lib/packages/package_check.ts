import { compareBytes } from "../bytes/bytes.ts";
import type { IndexedPackage, TrustedKey } from "../apk/types.ts";
import { labelOf, type PackageChange } from "./package_change.ts";
import type { RepositorySpec } from "./repositories.ts";

/** Most names that are told. */
const MOST_TOLD = 10;

/** In what a host differs from a plan after it was done, in words; undefined where in nothing. */
export function differenceOf(
  plan: Pick<PackageChange, "world" | "expected">,
  after: {
    readonly world: readonly string[];
    readonly installed: readonly Pick<IndexedPackage, "name" | "version">[];
  },
): string | undefined {
  const told = [
    ...wordsOf("packages", plan.expected, after.installed.map(labelOf)),
    ...wordsOf("world", plan.world, after.world),
  ];
  return told.length === 0 ? undefined : told.join("; ");
}

function wordsOf(what: string, planned: readonly string[], found: readonly string[]): string[] {
  const list = (items: Iterable<string>) => {
    const all = [...items].sort(compareBytes);
    const more = all.length > MOST_TOLD ? ` and ${all.length - MOST_TOLD} more` : "";
    return `${all.slice(0, MOST_TOLD).join(", ")}${more}`;
  };
  const lacking = new Set(planned).difference(new Set(found));
  const foreign = new Set(found).difference(new Set(planned));
  return [
    ...lacking.size === 0 ? [] : [`its ${what} lack ${list(lacking)}`],
    ...foreign.size === 0 ? [] : [`its ${what} have ${list(foreign)}`],
  ];
}

/** Where a host's packages come from and who signs them, as a text to be kept and compared. */
export function sourcesText(
  { repositories, keys }: {
    readonly repositories: readonly RepositorySpec[];
    readonly keys: readonly TrustedKey[];
  },
): string {
  const lines = [
    ...repositories.map(({ url, tag }) =>
      `repository ${tag === undefined ? "" : `@${tag} `}${url}`
    ),
    ...keys.map(({ name, digest }) => `key ${name} ${digest}`).sort(compareBytes),
  ];
  return lines.map((line) => `${line}\n`).join("");
}
