import { assert, assertEquals, assertMatch } from "@std/assert";
import type { Wanted } from "../../lib/apk/wanted.ts";
import { smallManifest, TestProgram } from "../support/program/test_program.ts";

/** A program whose manifest wants some packages and would like some. */
function prepared(world: readonly Wanted[], optional: readonly Wanted[]) {
  const program = new TestProgram();
  const { folder } = program.repository();
  const manifest = JSON.parse(smallManifest(folder, { world }));
  manifest.stages[0].optional = optional;
  program.write("small.yaml", JSON.stringify(manifest));
  const args = ["small.yaml", "--keys", "repository/keys", "--output", "out"] as const;
  const read = (file: string) => JSON.parse(Deno.readTextFileSync(program.path(`out/${file}`)));
  return { program, args, read, [Symbol.dispose]: () => program[Symbol.dispose]() };
}

Deno.test("an optional package that no repository has is warned of, recorded and left out", async () => {
  using p = prepared(["base"], ["nothing", "greet", "never>2"]);
  const { code, err } = await p.program.run("build", ...p.args);
  assertEquals(code, 0);
  assertMatch(
    err,
    /^warning: building without optional packages, which no repository has: .*\bnothing\b/m,
  );
  assertMatch(err, /^warning: .*: .*\bnever>2\b/m);
  const record = p.read("record.json");
  assertEquals(record.missing, ["nothing", "never>2"]);
  assert(record.packages.some((x: { name: string }) => x.name === "greet"));
  const plan = JSON.parse((await p.program.run("plan", ...p.args, "--json")).out);
  assertEquals(plan.trees[0].stages[0].world, ["base", "greet"]);
  assertEquals((await p.program.run("build", ...p.args, "--frozen")).code, 0);
});

Deno.test("without missing packages a record lists none, and another list needs another lock", async () => {
  using p = prepared(["base"], []);
  assertEquals((await p.program.run("build", ...p.args)).code, 0);
  assertEquals(p.read("record.json").missing, undefined);
  const manifest = JSON.parse(Deno.readTextFileSync(p.program.path("small.yaml")));
  manifest.stages[0].optional = ["nothing"];
  p.program.write("small.yaml", JSON.stringify(manifest));
  assertEquals((await p.program.fails("build", ...p.args, "--frozen")).code, 1);
});

Deno.test("an optional package that is there but cannot be chosen is an error", async () => {
  using p = prepared(["base"], ["hello>3"]);
  const { code, error } = await p.program.fails("build", ...p.args);
  assertEquals([code, error[0]], [1, "error: Cannot choose packages for the world:"]);
});

Deno.test("a package that no repository has is told with the manifest's file, line and field", async () => {
  using p = prepared(["base", "nothing"], []);
  p.program.write(
    "more.yaml",
    "name: more\nextends: small.yaml\nstages:\n  - kind: packages\n" +
      "    world:\n      - greet\n      - never>2\n",
  );
  const { code, error } = await p.program.fails("build", "more.yaml", ...p.args.slice(1));
  assertEquals(code, 1);
  const text = error.join("\n");
  assertMatch(text, /small\.yaml:1:\d+: stages\[0\]\.world\[1\]/);
  assertMatch(text, /more\.yaml:7:9: stages\[0\]\.world\[1\]/);
  assertMatch(text, /hint: what the system can do without goes under "optional"/);
});

Deno.test("of alternatives the first that a repository has is taken, wanted or optional, and told", async () => {
  using p = prepared([["nothing", "greet"], ["base", "hello"]], [["never", "hello>1"], ["a", "b"]]);
  const { code, err } = await p.program.run("build", ...p.args);
  assertEquals(code, 0, err);
  assertMatch(err, /^greet is taken: no repository has nothing$/m);
  assertMatch(err, /^hello>1 is taken: no repository has never$/m);
  assertMatch(err, /^warning: building without optional packages, which no repository has: a, b$/m);
  const plan = JSON.parse((await p.program.run("plan", ...p.args, "--json")).out);
  assertEquals(plan.trees[0].stages[0].world, ["greet", "base", "hello>1"]);
  assertEquals(p.read("record.json").missing, ["a", "b", "nothing", "never"]);
  assertEquals((await p.program.run("build", ...p.args, "--frozen")).code, 0);
  const swapped = JSON.parse(Deno.readTextFileSync(p.program.path("small.yaml")));
  swapped.stages[0].world[1].reverse();
  p.program.write("small.yaml", JSON.stringify(swapped));
  assertEquals((await p.program.fails("build", ...p.args, "--frozen")).code, 1);
});

Deno.test("alternatives of which no repository has any are all named with their place", async () => {
  using p = prepared(["base", ["nothing", "never>2"]], []);
  const { code, error } = await p.program.fails("build", ...p.args);
  assertEquals(code, 1);
  assertMatch(
    error.join("\n"),
    /small\.yaml:1:\d+: stages\[0\]\.world\[1\]: neither nothing nor never>2$/m,
  );
});

Deno.test("items that are none come all at once, whichever list they stand in", async () => {
  using p = prepared(["base", "a b", ["c=", "greet"]], ["d>"]);
  const { code, error } = await p.program.fails("build", ...p.args);
  assertEquals([code, error[0]], [1, 'error: Cannot read the world: "a b", "c=", "d>"']);
});
