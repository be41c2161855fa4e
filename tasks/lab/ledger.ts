import { join } from "@std/path";
import type { IndexedPackage } from "../../lib/apk/types.ts";
import { digestOf } from "../../lib/bytes/digest.ts";
import { canonicalJson } from "../../lib/json.ts";
import type { OwnFiles } from "./own_files.ts";
import type { PackagePlan } from "./package_plan.ts";
import type { PlacedRecipe } from "./recipe.ts";
import { createBeside, publish, writeAll } from "../../lib/files/whole_file.ts";

/** Grows when the same inputs are to give other packages. */
const FORMAT = 1;
const FILE = "ledger.json";

/** What was made of which inputs, by package name. */
export type Ledger = Map<string, LedgerEntry>;

export interface LedgerEntry {
  /** Digest of all that the package was made from. */
  readonly input: string;
  readonly package: IndexedPackage;
}

export interface PackageInputs {
  readonly recipe: PlacedRecipe;
  readonly plan: PackagePlan;
  readonly own: OwnFiles;
  readonly drop: readonly string[];
  /** SHA-256 of the .deb. */
  readonly deb: string | undefined;
  /** Name of the signing key. */
  readonly key: string;
}

/** A digest of all that a package is made from. */
export function inputDigest({ recipe, plan, own, drop, deb, key }: PackageInputs): string {
  return digestOf(canonicalJson({
    format: FORMAT,
    recipe: { ...recipe, deb: String(recipe.deb) },
    plan,
    files: own.files.map(({ path, mode, content }) => [path, mode, digestOf(content)]),
    scripts: [...own.scripts].map(([kind, content]) => [kind, digestOf(content)]),
    drop,
    deb,
    key,
  }));
}

/** The ledger of a repository; an unreadable one counts as none, and all is made again. */
export function readLedger(folder: string): Ledger {
  try {
    const value = JSON.parse(Deno.readTextFileSync(join(folder, FILE)));
    return new Map(Object.entries(value.packages as Record<string, LedgerEntry>));
  } catch {
    return new Map();
  }
}

export function writeLedger(folder: string, ledger: Ledger): void {
  const path = join(folder, FILE);
  using whole = createBeside(path);
  const text = canonicalJson({ packages: Object.fromEntries(ledger) }, 1);
  writeAll(whole.file, new TextEncoder().encode(`${text}\n`));
  publish(whole.path, path, 0o644);
}
