import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { parseDependency, readDependency } from "../../../lib/apk/dependency.ts";
import { formatIndex, parseIndex } from "../../../lib/apk/index_text.ts";
import {
  formatProblems,
  type Repository,
  solveIn,
  type Universe,
  universeOf,
} from "../../../lib/apk/solver.ts";
import { compareVersions, isVersion } from "../../../lib/apk/version.ts";
import { alpineOracle, type Oracle, oracleMissing } from "../../support/apk/alpine_oracle.ts";
import { type RandomNumbers, randomNumbers } from "../../support/program/random_numbers.ts";
import { smallRepositories, smallWorld } from "../../support/apk/small_repositories.ts";
import { WorldMaker } from "../../support/apk/worlds.ts";

const missing = oracleMissing();
const skipped = missing === undefined ? "" : ` (skipped: ${missing})`;
/** How much longer than by default the comparisons go on: `TOWER_SOLVER_TIMES=20`. */
const times = Number(Deno.env.get("TOWER_SOLVER_TIMES") ?? "1");
const SEED = Number(Deno.env.get("TOWER_SOLVER_SEED") ?? "20240229");

function judged(name: string, body: (oracle: Oracle, random: RandomNumbers) => Promise<void>) {
  Deno.test({
    name: `${name}, seed ${SEED}${skipped}`,
    ignore: missing !== undefined,
    async fn() {
      const found = await alpineOracle();
      if ("skip" in found) throw new Error(found.skip);
      await using oracle = found;
      await body(oracle, randomNumbers(SEED));
    },
  });
}

/** What our solver would install, in order, and what it says where it refuses. */
function solved(universe: Universe, world: readonly string[]) {
  const solution = solveIn(universe, world.map(parseDependency));
  if (!solution.ok) return { install: undefined, problems: formatProblems(solution.problems) };
  return {
    install: solution.install.map(({ package: { name, version } }) => `${name}-${version}`),
    problems: "",
  };
}

const SUFFIXES = ["alpha", "beta", "pre", "rc", "cvs", "svn", "git", "hg", "p", "x", "prex"];

/** A version, most of the time a valid one, of few different parts so that many tie. */
function randomVersion(random: RandomNumbers): string {
  const number = () => random.pick(["0", "1", "2", "10", "00", "01", "012", "20240101123456"]);
  let text = number();
  for (let n = random.below(4); n > 0; n--) text += `.${number()}`;
  if (random.below(4) === 0) text += random.pick(["a", "b", "z"]);
  for (let n = random.pick([0, 0, 0, 1, 1, 2]); n > 0; n--) {
    text += `_${random.pick(SUFFIXES)}${random.pick(["", "1", "02", "20220219"])}`;
  }
  if (random.below(3) === 0) text += `-r${random.pick(["0", "1", "10", "01"])}`;
  if (random.below(20) === 0) text += random.pick(["-1", "~ab", ".", "_", "A", "+1", "-r"]);
  return text;
}

judged("real apk orders random pairs of versions as we do", async (oracle, random) => {
  const sign = { "<": -1, "=": 0, ">": 1 } as Record<string, number>;
  for (let i = 0; i < 2000 * times; i++) {
    const a = randomVersion(random);
    const b = random.below(3) === 0 ? a + random.pick(["_p1", ".0", "-r1"]) : randomVersion(random);
    const said = (await oracle.apk("version", "-t", a, b)).stdout.trim();
    assertEquals(compareVersions(a, b), sign[said], `${a} ${said} ${b}`);
  }
});

judged("real apk takes the same texts as versions", async (oracle, random) => {
  const texts = Array.from({ length: 5000 * times }, () => randomVersion(random));
  for (let i = 0; i < texts.length; i += 500) {
    const part = texts.slice(i, i + 500);
    const refused = (await oracle.apk("version", "-c", ...part)).stdout.split("\n").slice(0, -1);
    assertEquals(part.filter((text) => !isVersion(text)), refused);
  }
});

async function realUniverse(oracle: Oracle) {
  const repositories = join(oracle.dir, "real-repositories");
  await Deno.writeTextFile(repositories, `${await oracle.realRepository()}\n`);
  const packages = parseIndex(await oracle.realIndex());
  return { repositories, packages, universe: universeOf([{ url: "main", packages }], "x86_64") };
}

judged("a real index is written again byte for byte", async (oracle) => {
  const text = await oracle.realIndex();
  const packages = parseIndex(text);
  assert(packages.length > 4000);
  assert(packages.every((item) => item.uninstallable === undefined));
  assertEquals(formatIndex(packages) === text, true);
  for (const item of packages) {
    for (const text of [...item.depends, ...item.provides, ...item.installIf]) {
      assert(readDependency(text), text);
    }
  }
});

judged("real apk installs single packages of a real index as we do", async (oracle, random) => {
  const { repositories, packages, universe } = await realUniverse(oracle);
  const root = await oracle.emptyRoot();
  const step = Math.max(1, Math.floor(30 / times));
  for (let i = random.below(step); i < packages.length; i += step) {
    const world = ["busybox", packages[i]!.name];
    const ours = solved(universe, world);
    const theirs = await oracle.simulate(root, repositories, world);
    assertEquals(ours.install, theirs, `${world.join(" ")}\n${ours.problems}`);
  }
});

judged("real apk solves random worlds of a real index as we do", async (oracle, random) => {
  const { repositories, packages, universe } = await realUniverse(oracle);
  const root = await oracle.emptyRoot();
  const maker = new WorldMaker(packages);
  const count = { solved: 0, refused: 0 };
  for (let i = 0; i < 200 * times; i++) {
    const world = maker.make(random, 1 + random.below(random.pick([3, 10, 60])));
    const ours = solved(universe, world);
    const theirs = await oracle.simulate(root, repositories, world);
    assertEquals(ours.install, theirs, `${world.join(" ")}\n${ours.problems}`);
    count[theirs ? "solved" : "refused"]++;
  }
  assert(count.solved > 50 && count.refused > 20, JSON.stringify(count));
});

/** Writes repositories as unsigned local ones; returns the path of their list. */
async function publish(oracle: Oracle, repositories: readonly Repository[]): Promise<string> {
  const dir = await Deno.makeTempDir({ dir: oracle.dir, prefix: "small-" });
  const lines: string[] = [];
  for (const { url, tag, packages } of repositories) {
    const folder = join(dir, url, "x86_64");
    await Deno.mkdir(folder, { recursive: true });
    await Deno.writeTextFile(join(folder, "APKINDEX"), formatIndex(packages));
    const archive = join(folder, "APKINDEX.tar.gz");
    const packed = await new Deno.Command("tar", {
      args: ["-czf", archive, "-C", folder, "APKINDEX"],
    }).output();
    assert(packed.success);
    lines.push(`${tag === undefined ? "" : `@${tag} `}${join(dir, url)}\n`);
  }
  await Deno.writeTextFile(join(dir, "repositories"), lines.join(""));
  return join(dir, "repositories");
}

judged("real apk solves worlds of many small repositories as we do", async (oracle, random) => {
  const root = await oracle.emptyRoot();
  const count = { solved: 0, refused: 0 };
  for (let i = 0; i < 60 * times; i++) {
    const repositories = smallRepositories(random);
    const list = await publish(oracle, repositories);
    const universe = universeOf(repositories, "x86_64");
    for (let k = 0; k < 12; k++) {
      const world = smallWorld(random);
      const ours = solved(universe, world);
      const theirs = await oracle.simulate(root, list, world);
      const shown = repositories.map((r) => `# ${r.tag ?? ""}\n${formatIndex(r.packages)}`);
      assertEquals(
        ours.install,
        theirs,
        `${world.join(" ")}\n${ours.problems}\n${shown.join("\n")}`,
      );
      assertEquals(ours.install === undefined, ours.problems !== "");
      count[theirs ? "solved" : "refused"]++;
    }
  }
  assert(count.solved > 100 && count.refused > 100, JSON.stringify(count));
});
