import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { listDir } from "../../lib/files/files.ts";
import { smallManifest, TestProgram } from "../support/program/test_program.ts";

const NOTHING = "0 B in 0 blobs, 0 B in 0 notes, 0 B unfinished";

Deno.test("clean tells the store's size, takes what is old, and leaves artifacts alone", async () => {
  using program = new TestProgram();
  program.repository();
  program.write("small.yaml", smallManifest(program.path("repository")));
  const build = (output: string) =>
    program.run("build", "small.yaml", "--keys", "repository/keys", "--output", output);
  const first = await build("out");
  const fresh = await program.run("clean");
  assertEquals(fresh.code, 0);
  assertMatch(
    fresh.out,
    /^DIR\/cache\/store had [0-9.]+ KiB in \d+ blobs, [0-9.]+ KiB in \d+ notes, 0 B unfinished\.\n/,
  );
  assertStringIncludes(fresh.out, `This went: ${NOTHING}; not used for 30 days.\n`);

  const store = `${program.env.cacheDir}/store`;
  growOld(store, 40);
  const { before, removed } = JSON.parse((await program.run("clean", "--dry-run", "--json")).out);
  assertEquals(removed, before);
  assertStringIncludes((await program.run("clean", "--older-than", "6w")).out, `went: ${NOTHING};`);
  assertMatch((await program.run("clean", "--dry-run")).out, / has .*\nThis would go: [1-9]/);
  await program.run("clean", "--older-than", "39d");
  assertMatch((await program.run("clean")).out, new RegExp(`^DIR/cache/store had ${NOTHING}`));

  const files = listDir(program.path("out"));
  assertEquals((await program.run("verify", "out")).code, 0);
  const again = await build("again");
  assertEquals(again.out, first.out.replaceAll("/out/", "/again/"));
  assertEquals(listDir(program.path("out")), files);
});

Deno.test("clean takes whole days and weeks, one day at least", async () => {
  using program = new TestProgram();
  for (const age of ["0d", "30", "1h", "-1d", "d", "1.5d", "99999d", ""]) {
    const { code, err } = await program.run("clean", `--older-than=${age}`);
    assertEquals(code, 2, age);
    assertStringIncludes(err, "it must be days or weeks, 1d at least, such as 30d or 2w");
  }
  assertEquals(listDir(program.env.cacheDir), []);
});

function growOld(path: string, days: number): void {
  const { isDirectory } = Deno.lstatSync(path);
  const then = new Date(Date.now() - days * 24 * 3600_000);
  if (!isDirectory) return Deno.utimeSync(path, then, then);
  for (const name of listDir(path)) growOld(`${path}/${name}`, days);
}
