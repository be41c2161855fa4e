import { oracleTest } from "../../support/apk/with_oracle.ts";
import { assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { packages as packagesStage } from "../../../build/stages/packages.ts";
import type { ScriptDecision } from "../../../lib/apk/scripts/outcome.ts";
import { directoriesOf, triggeredBy } from "../../../lib/apk/scripts/triggers.ts";
import type { ScriptKind, UnpackedPackage } from "../../../lib/apk/types.ts";
import { textOf } from "../../../lib/tree/content.ts";
import { FileTree } from "../../../lib/tree/file_tree.ts";
import { type Oracle, oracleMissing } from "../../support/apk/alpine_oracle.ts";
import {
  alpineRepository,
  packagesOf,
  repositoryMissing,
} from "../../support/apk/alpine_repository.ts";
import {
  differences,
  listDisk,
  listTree,
  putOnDisk,
  rootMissing,
} from "../../support/format/disk_tree.ts";
import { MemoryStore } from "../../support/tree/memory_store.ts";
import { stageContext } from "../../support/tree/stage_context.ts";

const missing = oracleMissing() ?? repositoryMissing() ?? rootMissing();

/** All packages of the repository but those that conflict with others of it. */
const LEFT_OUT = ["vlan", "network-extras"];

const BACKUPS = /^etc\/(?:passwd|group|shadow)-: - \|/;

/** Where a tree may differ from apk's, each for its reason in docs/decisions/0016. */
const ALLOWED: readonly [path: RegExp, why: string][] = [
  [/^dev\/(?:null|zero|random|urandom|console): - \|/, "device nodes are the kernel's to make"],
  [BACKUPS, "what accounts were before is nobody's business"],
  [/^etc\/apk\/repositories: file .* \| -$/, "apk leaves it to setup-apkrepos"],
  [/^lib\/apk\/db\/installed:/, "compared below: apk puts an r: line into the wrong record"],
];

interface Roots {
  readonly tree: FileTree;
  readonly store: MemoryStore;
  readonly root: string;
}

/** The same world by us and by real apk. */
async function bothRoots(
  oracle: Oracle,
  skips: (packages: readonly UnpackedPackage[]) => ScriptDecision[],
  options: readonly string[],
): Promise<Roots> {
  const { folder, keysFolder } = alpineRepository();
  const { tree, store, world } = await ourRoot(skips);
  const root = join(oracle.dir, "installed");
  await Deno.mkdir(root, { mode: 0o755 });
  const added = await oracle.apk(
    ...["--root", root, "--arch", "x86_64", "--keys-dir", keysFolder, "--no-network"],
    ...["--repositories-file", "/dev/null", "--repository", folder],
    ...[...options, "add", "--initdb", ...world],
  );
  assertEquals([added.code, added.stderr], [0, ""]);
  return { tree, store, root };
}

async function ourRoot(skips: (packages: readonly UnpackedPackage[]) => ScriptDecision[]) {
  const repository = alpineRepository();
  const store = new MemoryStore();
  const world = repository.names.filter((name) => !LEFT_OUT.includes(name));
  const packages = await packagesOf(repository, world, store);
  assertEquals(packages.length, world.length);
  const { keys } = repository;
  const epoch = Math.floor(Date.now() / 1000);
  const base = { uid: 0, gid: 0, mtime: epoch, origin: "stage:packages" } as const;
  const tree = new FileTree({ ...base, mode: 0o755 });
  const plan = { world, repositories: [], keys, tags: {}, scripts: skips(packages) };
  const context = { ...stageContext(epoch), packages, reader: store, blobs: store };
  await packagesStage.apply(tree, { kind: "packages", ...plan }, context);
  return { tree, store, world, packages };
}

/** What differs and is not allowed to, and what was allowed for nothing. */
function findings({ tree, store, root }: Roots, allowed: readonly RegExp[]) {
  const found = differences(listTree(tree, store), listDisk(root));
  return {
    differs: found.filter((line) => !allowed.some((path) => path.test(line))),
    idle: allowed.filter((path) => !found.some((line) => path.test(line))).map(String),
  };
}

function skip(name: string, script: ScriptKind): ScriptDecision {
  return { package: name, script, do: "skip", reason: "it has no native form" };
}

/**
 * The database as apk would have written it. apk 2.14 does not empty its buffer at the end of a
 * package without directories, so what it `replaces` lands in the next record (src/database.c,
 * apk_db_write_fdb); alpine-base is such a package.
 */
function databases({ tree, store, root }: Roots): { ours: string[]; theirs: string[] } {
  const path = "lib/apk/db/installed";
  const ours = textOf(store, tree.file(path)!.content).split("\n");
  const theirs = Deno.readTextFileSync(join(root, path)).split("\n");
  const from = ours.indexOf("r:alpine-baselayout");
  assertEquals(ours.slice(0, from).findLast((line) => line.startsWith("P:")), "P:alpine-base");
  const [moved] = ours.splice(from, 1);
  ours.splice(ours.findIndex((line, i) => i > from && line.startsWith("F:")), 0, moved!);
  return { ours, theirs };
}

const test = (name: string, fn: (oracle: Oracle) => Promise<void>) => oracleTest(name, missing, fn);

/** What apk says of every root that it made: packages have other modes for these. */
const OWN_DIRECTORIES = ["m proc/\n", "m lib/apk/exec/\n"];

const WORLD = "98 packages of a real release leave the root that real apk leaves";

test(`${WORLD}, without scripts`, async (oracle) => {
  const roots = await bothRoots(oracle, freshScripts, ["--no-scripts"]);
  const exec = /^lib\/apk\/exec: directory 0:0 700 \| directory 0:0 755$/;
  const allowed = ALLOWED.map(([path]) => path).filter((path) => path !== BACKUPS);
  assertEquals(findings(roots, [...allowed, exec]), { differs: [], idle: [] });
  const { ours, theirs } = databases(roots);
  assertEquals(ours, theirs);
});

test(`${WORLD}, with their scripts`, async (oracle) => {
  const roots = await bothRoots(oracle, () => [], []);
  assertEquals(findings(roots, ALLOWED.map(([path]) => path)), { differs: [], idle: [] });
  const { ours, theirs } = databases(roots);
  assertEquals(ours, theirs);
  const audit = await oracle.apk("--root", roots.root, "audit", "--system", "--check-permissions");
  for (const line of OWN_DIRECTORIES) assertStringIncludes(audit.stdout, line);
});

test("real apk audits a root of ours as its own, and fetches packages for any architecture again", async (oracle) => {
  const { tree, store, packages } = await ourRoot(freshScripts);
  const root = join(oracle.dir, "ours");
  await Deno.mkdir(root);
  await putOnDisk(tree, store, root);
  const { folder } = alpineRepository();
  const apk = async (...args: string[]) => {
    const result = await oracle.apk(
      ...["--root", root, "--no-network", "--repository", folder, ...args],
    );
    assertEquals([result.code, result.stderr], [0, ""], args.join(" "));
    return result.stdout;
  };
  assertEquals(await apk("audit", "--system", "--check-permissions"), OWN_DIRECTORIES.join(""));
  const names = packages.map(({ info }) => info).filter(({ arch }) => arch === "noarch")
    .map(({ name }) => name);
  assertEquals(names.includes("alpine-release"), true);
  const fixed = await apk("fix", "--no-scripts", "--reinstall", ...names);
  assertEquals(fixed.match(/Reinstalling/g)?.length, names.length);
});

/** Decisions to skip every script that a fresh install would run. */
function freshScripts(packages: readonly UnpackedPackage[]): ScriptDecision[] {
  const directories = directoriesOf(packages);
  return packages.flatMap(({ info: { name, triggers }, scripts }) =>
    scripts.map(({ kind }) => kind).filter((kind) =>
      kind === "trigger"
        ? triggeredBy(triggers, directories).length > 0
        : kind === "pre-install" || kind === "post-install"
    ).map((kind) => skip(name, kind))
  );
}
