import type { PackageInfo } from "../../lib/apk/types.ts";
import { EQUAL, GREATER, LESS, relationOf } from "../../lib/apk/version.ts";
import { compareBytes } from "../../lib/bytes/bytes.ts";
import { type Closure, memberFor, type Omissions } from "./closure.ts";
import type { DebianPackage, Relation, RelationOperator } from "./control.ts";
import type { PlacedRecipe } from "./recipe.ts";
import { apkVersion } from "./version.ts";

/** What is known of a package before its files are read. */
export type PackagePlan = Omit<PackageInfo, "dataHash" | "installedSize" | "buildTime">;

export interface PlanContext {
  readonly arch: string;
  readonly closure: Closure;
  readonly omitted: Omissions;
  readonly recipes: readonly PlacedRecipe[];
}

/** The fields of the package that a recipe makes. */
export function planPackage(recipe: PlacedRecipe, context: PlanContext): PackagePlan {
  const debian = recipe.source === undefined ? undefined : context.closure.get(recipe.source);
  const version = debian ? withRevision(apkVersion(debian.version)) : recipe.version;
  if (version === undefined) throw new RangeError(`recipe "${recipe.name}" has no version`);
  const fill = (items: readonly string[] = []) =>
    items.map((item) => item.replace("{version}", version));
  const inherited = debian && recipe.inherits !== false
    ? inheritedDepends(recipe, debian, context)
    : [];
  return {
    name: recipe.name,
    version,
    arch: context.arch,
    description: describe(recipe, debian),
    url: debian?.homepage ?? "",
    license: debian ? "custom" : "Apache-2.0",
    origin: recipe.source ?? recipe.name,
    depends: distinct([...fill(recipe.depends), ...inherited]),
    provides: distinct([
      ...fill(recipe.provides),
      ...(debian ? inheritedProvides(recipe, debian, context) : []),
    ]),
    ...(recipe.providerPriority === undefined ? {} : { providerPriority: recipe.providerPriority }),
    installIf: fill(recipe.installIf),
    replaces: fill(recipe.replaces),
    triggers: recipe.triggers ?? [],
  };
}

function describe(recipe: PlacedRecipe, debian: DebianPackage | undefined): string {
  if (!debian) return recipe.description ?? recipe.name;
  const what = recipe.description ?? debian.synopsis;
  return `${what} (Debian ${debian.name} ${debian.version})`;
}

/** apk's own tools expect every package to have a revision. */
function withRevision(version: string): string {
  return version.includes("-r") ? version : `${version}-r0`;
}

/** What the Debian package needs, by the names that the members have here. */
function inheritedDepends(
  recipe: PlacedRecipe,
  debian: DebianPackage,
  context: PlanContext,
): string[] {
  const depends: string[] = [];
  for (const group of debian.depends) {
    const choice = memberFor(group, context.closure, context.omitted, debian.name);
    if (choice.kind === "omitted") continue;
    const name = nameHere(choice.by.name, context.recipes);
    if (name !== recipe.name) depends.push(name + bound(choice.relation, choice.by));
  }
  return depends;
}

const OPERATORS: Readonly<Record<RelationOperator, { text: string; bits: number }>> = {
  "<<": { text: "<", bits: LESS },
  "<=": { text: "<=", bits: LESS | EQUAL },
  "=": { text: "=", bits: EQUAL },
  ">=": { text: ">=", bits: GREATER | EQUAL },
  ">>": { text: ">", bits: GREATER },
};

/** A bound on the version, where the mapped versions still meet it as Debian's do. */
function bound({ operator, version }: Relation, by: DebianPackage): string {
  if (operator === undefined || version === undefined) return "";
  const { text, bits } = OPERATORS[operator];
  const mapped = bits === EQUAL ? withRevision(apkVersion(version)) : apkVersion(version);
  const have = withRevision(apkVersion(by.version));
  return (relationOf(have, mapped) & bits) !== 0 ? text + mapped : "";
}

/**
 * Virtual names without a version: apk takes a versioned one for a package of that name, of which
 * there may be only one. Names of real members are theirs alone.
 */
function inheritedProvides(
  recipe: PlacedRecipe,
  debian: DebianPackage,
  context: PlanContext,
): string[] {
  if (nameHere(debian.name, context.recipes) !== recipe.name) return [];
  const own = new Set(context.recipes.map((r) => r.name));
  return debian.provides.map((p) => p.name)
    .filter((name) => !own.has(name) && !context.closure.has(name));
}

/** The package that stands for a Debian package: the first recipe of the table that names it. */
function nameHere(debian: string, recipes: readonly PlacedRecipe[]): string {
  const candidates = recipes.filter((r) => r.source === debian && r.inherits !== false);
  return (candidates.find((r) => !r.only) ?? candidates[0])?.name ?? debian;
}

function distinct(items: readonly string[]): string[] {
  return [...new Set(items)].sort(compareBytes);
}
