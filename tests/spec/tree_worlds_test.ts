import { assertEquals, assertMatch } from "@std/assert";
import { digestOf } from "../../lib/bytes/digest.ts";
import { denoRunner } from "../../lib/proc/deno_runner.ts";
import { canonicalJson } from "../../lib/json.ts";
import { smallManifest, TestProgram } from "../support/program/test_program.ts";

const ARGS = ["small.yaml", "--keys", "repository/keys", "--output", "out"] as const;
const LOCK = "out/small-x86_64.lock.json";

/** Two trees, each with packages of its own. */
function worlds(repository: string, tool: readonly string[], more: object = {}): string {
  return JSON.stringify({
    ...{ name: "small", arches: ["x86_64"], repositories: [repository] },
    stages: [{ kind: "packages", world: ["hello"] }],
    trees: { tool: { stages: [{ kind: "packages", world: tool }] }, ...more },
    outputs: [
      { kind: "tar", file: "root.tar" },
      { kind: "tar", file: "tool.tar", tree: "tool" },
      ...Object.keys(more).map((tree) => ({ kind: "tar", file: `${tree}.tar`, tree })),
    ],
  });
}

async function installed(program: TestProgram, file: string): Promise<string[]> {
  const argv = ["tar", "-xOf", program.path(`out/${file}`), "lib/apk/db/installed"] as const;
  const { stdout } = await denoRunner().run({ argv: [...argv] });
  return new TextDecoder().decode(stdout).split("\n")
    .flatMap((line) => line.startsWith("P:") ? [line.slice(2)] : []);
}

interface LockFile {
  readonly sources: readonly { readonly name: string; readonly packages: { name: string }[] }[];
}

Deno.test("each tree has packages of its own, chosen and locked by themselves", async () => {
  using program = new TestProgram();
  const { folder } = program.repository();
  program.write("small.yaml", worlds(folder, ["base"]));
  assertEquals((await program.run("build", ...ARGS)).code, 0);
  const lock: LockFile = JSON.parse(Deno.readTextFileSync(program.path(LOCK)));
  assertEquals(
    lock.sources.map(({ name, packages }) => [name, packages.map(({ name }) => name).sort()]),
    [["root", ["base", "greet", "hello", "hello-openrc"]], ["tool", ["base"]]],
  );
  assertEquals(await installed(program, "root.tar"), ["base", "greet", "hello", "hello-openrc"]);
  assertEquals(await installed(program, "tool.tar"), ["base"]);
  const record = JSON.parse(Deno.readTextFileSync(program.path("out/record.json")));
  assertEquals(
    record.packages.map(({ name, trees }: { name: string; trees: string[] }) =>
      `${name} of ${trees.join(" ")}`
    ).sort(),
    ["base of root tool", "greet of root", "hello of root", "hello-openrc of root"],
    "each once",
  );

  assertMatch((await program.run("why", "greet", "--system", ...ARGS.slice(0, 3))).out, /greet/);
  const why = ["why", "greet", "--system", ...ARGS.slice(0, 3), "--tree"];
  assertEquals(
    (await program.fails(...why, "tool")).error[0],
    'error: Cannot say why "greet" is there: it is not',
  );
  assertEquals(await program.fails(...why, "tol"), {
    code: 1,
    error: [
      'error: Cannot find packages of tree "tol" in "small.yaml"; did you mean "tool"?',
      "  hint: its trees with packages are root, tool",
    ],
  });
});

Deno.test("a lock fits while every tree has its source and no other has one", async () => {
  using program = new TestProgram();
  const { folder } = program.repository();
  const stale = async () => (await program.fails("build", ...ARGS, "--frozen")).error[0];
  const told = `error: Cannot use lock "DIR/cwd/${LOCK}": ` +
    "it was made for other packages, keys or repositories";
  program.write("small.yaml", worlds(folder, ["base"]));
  assertEquals((await program.run("lock", ...ARGS)).code, 0);
  assertEquals((await program.run("build", ...ARGS, "--frozen")).code, 0);
  program.write("small.yaml", worlds(folder, ["greet"]));
  assertEquals(await stale(), told);
  const third = { third: { stages: [{ kind: "packages", world: ["base"] }] } };
  program.write("small.yaml", worlds(folder, ["base"], third));
  assertEquals(await stale(), told);
  assertEquals((await program.run("lock", ...ARGS)).code, 0);
  program.write("small.yaml", worlds(folder, ["base"]));
  assertEquals(await stale(), told);
});

Deno.test("a packages stage stands in a tree that begins empty", async () => {
  using program = new TestProgram();
  const { folder } = program.repository();
  const late = { late: { from: "root", stages: [{ kind: "packages", world: ["base"] }] } };
  program.write("small.yaml", worlds(folder, ["base"], late));
  const { error } = await program.fails("build", ...ARGS);
  assertMatch(
    error.join("\n"),
    /trees\.late\.stages\[0\]: packages go into an empty tree, and this one begins with something/,
  );
});

Deno.test("an item that no repository has is told where its tree asks for it", async () => {
  using program = new TestProgram();
  const { folder } = program.repository();
  program.write("small.yaml", worlds(folder, ["absent"]));
  const { error } = await program.fails("build", ...ARGS);
  assertMatch(error.join("\n"), /small\.yaml:1:\d+: trees\.tool\.stages\[0\]\.world\[0\]/);
});

Deno.test("a lock of version 1 is built from as before, and stays as it is while it fits", async () => {
  using program = new TestProgram();
  const { folder } = program.repository();
  program.write("small.yaml", smallManifest(folder));
  assertEquals((await program.run("build", ...ARGS)).code, 0);
  const recordOf = () => JSON.parse(Deno.readTextFileSync(program.path("out/record.json")));
  const before = recordOf();
  const lock = JSON.parse(Deno.readTextFileSync(program.path(LOCK)));
  const [{ kind: _, name: __, ...fields }] = lock.sources;
  const old = { version: 1, arch: lock.arch, ...fields };
  const text = JSON.stringify({ ...old, digest: digestOf(canonicalJson(old)) });
  program.write(LOCK, text);
  assertEquals((await program.run("build", ...ARGS, "--frozen")).code, 0);
  assertEquals(recordOf(), before);
  assertEquals(Deno.readTextFileSync(program.path(LOCK)), text);
  assertEquals((await program.run("lock", ...ARGS, "--update")).code, 0);
  assertEquals(JSON.parse(Deno.readTextFileSync(program.path(LOCK))), lock);
});

Deno.test("a package is told of every tree that it is in, in the record and in a difference", async () => {
  using program = new TestProgram();
  const { folder } = program.repository();
  const trees = (world: readonly string[]) => ({
    from: { from: "tool", stages: [] },
    third: { stages: [{ kind: "packages", world }] },
  });
  program.write("small.yaml", worlds(folder, ["base"], trees(["greet"])));
  assertEquals((await program.run("build", ...ARGS)).code, 0);
  const record = JSON.parse(Deno.readTextFileSync(program.path("out/record.json")));
  const base = record.packages.find(({ name }: { name: string }) => name === "base");
  assertEquals(base.trees, ["root", "tool", "from", "third"]);
  Deno.renameSync(program.path("out"), program.path("before"));
  program.write("small.yaml", worlds(folder, ["greet"], trees(["base"])));
  assertEquals((await program.run("build", ...ARGS)).code, 0);
  const { out } = await program.run("diff", "before", "out");
  const packages = /^packages: .*\n((?: {2}[-+~] .*\n)*)/m.exec(out)![1]!.trimEnd().split("\n")
    .map((line) => line.replace(/ [0-9]\S*,/, ","));
  assertEquals(packages, [
    "  + greet, of trees from, tool",
    "  + hello, of trees from, tool",
    "  + hello-openrc, of trees from, tool",
    "  - greet, of tree third",
    "  - hello, of tree third",
    "  - hello-openrc, of tree third",
  ]);
});
