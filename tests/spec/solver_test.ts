import { assert, assertEquals } from "@std/assert";
import {
  type Dependency,
  formatDependency,
  parseDependency,
  readDependency,
  satisfies,
} from "../../lib/apk/dependency.ts";
import { type Selected, type Solution, solveIn, universeOf } from "../../lib/apk/solver.ts";
import { closureFault } from "../../build/sources/apk_closure.ts";
import { randomNumbers } from "../support/program/random_numbers.ts";
import { smallRepositories, smallWorld } from "../support/apk/small_repositories.ts";

const SEED = 8191;
const CASES = 2000;

/** All solutions of many random worlds over many small repositories. */
function* solutions(): Generator<{ solution: Solution; world: Dependency[]; told: string }> {
  const random = randomNumbers(SEED);
  for (let i = 0; i < CASES; i++) {
    const universe = universeOf(smallRepositories(random), "x86_64");
    for (let k = 0; k < 4; k++) {
      const texts = smallWorld(random);
      const world = texts.map(parseDependency);
      yield { solution: solveIn(universe, world), world, told: `case ${i}: ${texts.join(" ")}` };
    }
  }
}

/** The version that a package offers a name with; undefined inside for none, no array for never. */
function offers({ package: item }: Selected, name: string): (string | undefined)[] {
  const provided = item.provides.map(readDependency)
    .filter((dependency) => dependency?.name === name)
    .map((dependency) => dependency?.version);
  return item.name === name ? [item.version, ...provided] : provided;
}

function isHeld(dependency: Dependency, install: readonly Selected[], by?: Selected): boolean {
  const others = dependency.conflict ? install.filter((item) => item !== by) : install;
  const met = (item: Selected) =>
    offers(item, dependency.name).map((version) =>
      satisfies(dependency, version, item.package.identity)
    );
  const all = others.flatMap(met);
  return dependency.conflict ? all.every(Boolean) : all.some(Boolean);
}

Deno.test(`every solution holds what it promises, seed ${SEED}`, () => {
  let solved = 0;
  for (const { solution, world, told } of solutions()) {
    if (!solution.ok) continue;
    solved++;
    const { install } = solution;
    for (const dependency of world) assert(isHeld(dependency, install), told);
    for (const item of install) {
      for (const text of item.package.depends) {
        assert(
          isHeld(parseDependency(text), install, item),
          `${told}: ${item.package.name} ${text}`,
        );
      }
    }
    const names = install.map((item) => item.package.name);
    assertEquals(new Set(names).size, names.length, told);
    // What is refused in a lock that was changed by hand no solver ever chooses.
    const described = install.map(({ package: info }) => ({ info, identity: info.identity }));
    assertEquals(closureFault(described, world.map(formatDependency)), undefined, told);
  }
  assert(solved > 1000, `${solved} solved`);
});

Deno.test(`every refusal names what is missing and why, seed ${SEED}`, () => {
  const count = { refused: 0, unexplained: 0 };
  for (const { solution, told } of solutions()) {
    if (solution.ok) continue;
    count.refused++;
    assert(solution.problems.length > 0, told);
    for (const { cause, candidates, requiredBy } of solution.problems) {
      assertEquals(candidates.length === 0, cause === "missing" || cause === "unknown-tag", told);
      assert(candidates.every(({ refusals }) => refusals.length > 0), told);
      const isVague = requiredBy.length === 0 ||
        candidates.length > 0 &&
          candidates.every((c) => c.refusals.every((r) => r.kind === "other"));
      if (isVague) count.unexplained++;
    }
  }
  assert(count.refused > 1000, JSON.stringify(count));
  assert(count.unexplained < count.refused / 100, JSON.stringify(count));
});
