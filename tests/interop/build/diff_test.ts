import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { smallManifest, TestProgram } from "../../support/program/test_program.ts";

/** Two builds of one system, `a` and `b`; in the second a package and a stage are new. */
async function twoBuilds() {
  const program = new TestProgram();
  const repository = program.repository();
  const build = async (folder: string, stages: readonly unknown[]) => {
    program.write("small.yaml", smallManifest(repository.folder, { stages }));
    const args = ["build", "small.yaml", "--keys", "repository/keys", "--output", folder];
    const { code, err } = await program.run(...args);
    assertEquals(code, 0, err);
  };
  await build("a", []);
  repository.add({ name: "hello", version: "3.0-r0" });
  repository.publish();
  await build("b", [{ kind: "files", files: [{ path: "/etc/motd", contents: "hi\n" }] }]);
  return program;
}

Deno.test("diff tells what two builds differ in, as folders, records or artifacts", async () => {
  using program = await twoBuilds();
  const { code, out } = await program.run("diff", "a", "b");
  assertEquals(code, 0);
  assertStringIncludes(out, "~ hello 2.1-r3 -> 3.0-r0\n");
  assertStringIncludes(out, "  + /etc/motd\n");
  assertMatch(out, /setuid and setgid files: 0 added, 1 removed/);
  for (const [a, b] of [["a/record.json", "b/record.json"], ["a/small.tar", "b/small.tar"]]) {
    assertEquals((await program.run("diff", a!, b!)).out, out);
  }
  const json = JSON.parse((await program.run("diff", "a", "b", "--json")).out);
  assertEquals(json.isSame, false);
  assertEquals(
    json.trees.root.files.added.map((e: { path: string }) => e.path).includes("etc/motd"),
    true,
  );
  assertEquals((await program.run("diff", "a", "b", "--exit-code")).code, 1);
  assertEquals(await program.run("diff", "a", "a", "--exit-code"), {
    code: 0,
    out: "no differences\n",
    err: "",
  });
});

Deno.test("diff refuses what is no build, or was changed, in one message", async () => {
  using program = await twoBuilds();
  const error = async (a: string, b: string) => {
    const { code, error } = await program.fails("diff", a, b);
    assertEquals(code, 1);
    return error.join("\n");
  };
  assertMatch(await error("a", "nothing"), /Cannot compare "DIR\/cwd\/nothing": it is not there$/);
  assertMatch(await error("small.yaml", "a"), /no record\.json lies beside it\n {2}hint: /);
  assertMatch(
    await error("a", "a/small-x86_64.lock.json"),
    /Cannot read record|names no such file/,
  );
  program.write("a/small.tar", "x");
  assertMatch(await error("a/small.tar", "b"), /it changed since it was built$/);
  program.write("a/small.tree.json", "x");
  assertMatch(await error("a", "b"), /it is not the listing of the record$/);
  Deno.removeSync(program.path("a/small.tree.json"));
  const { code, out } = await program.run("diff", "a", "b");
  assertEquals(code, 0);
  assertStringIncludes(out, "files: not compared");
  program.write("a/record.json", "{}");
  assertMatch(await error("a", "b"), /Cannot read record/);
});
