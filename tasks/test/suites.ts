import { TowerError } from "../../lib/errors.ts";

/** Tests that run in one go, and write one report. */
export interface Suite {
  readonly name: string;
  /** What `deno` is given; where the tests write their report is added at the end. */
  readonly args: readonly string[];
  readonly variables?: Readonly<Record<string, string>>;
}

/** Suites of one purpose, in the order in which they run: those first that others build upon. */
export interface Tier {
  readonly name: string;
  readonly suites: readonly Suite[];
}

const test = (
  ...args: readonly string[]
) => ["test", "--allow-all", "--no-check", "--quiet", ...args];

/** They begin first, so that no processor waits for the last of them at the end. */
const LONGEST = ["slots", "encrypted_power", "encrypted_root", "try_tower"]
  .map((name) => `tests/long/${name}_test.ts`);

/** The cheapest first. docs/testing.md says what belongs where. */
export const TIERS: readonly Tier[] = [
  {
    name: "quick",
    suites: [
      { name: "gate", args: ["task", "--quiet", "ok"] },
      { name: "spec", args: test("--parallel", "tests/spec") },
      { name: "interop", args: test("--parallel", "tests/interop") },
      { name: "boot", args: test("--parallel", "tests/boot") },
    ],
  },
  {
    name: "long",
    suites: [{ name: "long", args: test("--parallel", ...LONGEST, "tests/long") }],
  },
  {
    name: "soak",
    suites: [{
      name: "soak",
      args: test(
        "--parallel",
        "tests/soak",
        "tests/interop/apk/package_fuzz_test.ts",
        "tests/interop/firewall/firewall_matrix_test.ts",
      ),
      variables: { TOWER_FUZZ_CASES: "60000", TOWER_STORM: "100000" },
    }],
  },
];

/** The names of all tiers and suites. */
export function suiteNames(tiers = TIERS): string[] {
  return [...new Set(tiers.flatMap(({ name, suites }) => [name, ...suites.map((s) => s.name)]))];
}

/**
 * The tiers that names of tiers and of suites ask for, each with the suites that were asked for; the
 * first tier where nothing is.
 */
export function chooseTiers(names: readonly string[], tiers = TIERS): readonly Tier[] {
  if (names.length === 0) return tiers.slice(0, 1);
  const known = suiteNames(tiers);
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    throw new TowerError("usage", `Cannot find the suite "${unknown.join('", "')}"`, {
      hint: `there are ${known.join(", ")}`,
    });
  }
  return tiers.map(({ name, suites }) => ({
    name,
    suites: names.includes(name) ? suites : suites.filter((s) => names.includes(s.name)),
  })).filter(({ suites }) => suites.length > 0);
}
