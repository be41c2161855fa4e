import { assertEquals, assertStringIncludes } from "@std/assert";
import { readText } from "../../lib/files/files.ts";
import { OTHER_KEY, TEST_KEY, type TestKey } from "../support/apk/test_keys.ts";
import { smallManifest, TestProgram } from "../support/program/test_program.ts";

/** Keys as Alpine lays them out: those of all in `all`, links to an architecture's in a folder of it. */
function alpineKeys(program: TestProgram): void {
  const link = (arch: string, { trusted: { name } }: TestKey) => {
    Deno.mkdirSync(program.path(`all/${arch}`), { recursive: true });
    Deno.symlinkSync(`../${name}`, program.path(`all/${arch}/${name}`));
  };
  for (const { trusted } of [TEST_KEY, OTHER_KEY]) {
    program.write(`all/${trusted.name}`, trusted.pem);
  }
  link("x86_64", TEST_KEY);
  link("aarch64", OTHER_KEY);
}

Deno.test("of keys in folders by architecture those are used, and go into the image, that are its own", async () => {
  using program = new TestProgram();
  const { folder } = program.repository();
  alpineKeys(program);
  program.write("m.yaml", smallManifest(folder));
  const args = ["m.yaml", "--keys", "all", "--output", "out"] as const;
  assertEquals((await program.run("build", ...args)).code, 0);
  const lock = JSON.parse(readText(program.path("out/small-x86_64.lock.json"), 1 << 20));
  assertEquals(lock.sources[0].keys.map((key: { name: string }) => key.name), [
    TEST_KEY.trusted.name,
  ]);
  const { out } = await program.run("show-tree", ...args);
  assertEquals(
    out.split("\n").flatMap((line) => /etc\/apk\/keys\/(\S+)/.exec(line)?.[1] ?? []),
    [TEST_KEY.trusted.name],
  );
  const one = ["--repository", folder, "--keys", "all"] as const;
  assertEquals((await program.run("resolve", "hello", ...one)).code, 0);
  program.write("key.rsa", OTHER_KEY.secret.pem);
  const index = ["repo", "index", `${folder}/x86_64`, "--key", "key.rsa", "--keys", "all"] as const;
  assertEquals((await program.run(...index)).code, 0);
});

Deno.test("keys of another architecture are refused, with the folder that has all", async () => {
  using program = new TestProgram();
  const { folder } = program.repository();
  alpineKeys(program);
  const args = ["resolve", "hello", "--repository", folder, "--keys"] as const;
  const { code, error } = await program.fails(...args, "all/aarch64");
  assertEquals([code, error[0]], [1, 'error: Cannot use repository "DIR/cwd/repository"']);
  assertStringIncludes(error.at(-1)!, "another architecture or release");
  assertStringIncludes(error.at(-1)!, "--keys /usr/share/apk/keys");
});
