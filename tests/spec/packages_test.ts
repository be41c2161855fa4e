import { assert, assertEquals, assertMatch } from "@std/assert";
import { TestProgram } from "../support/program/test_program.ts";
import { smallManifest } from "../support/program/test_program.ts";
import type { PackageSpec } from "../support/build/lab_repository.ts";

/** A program with a repository, and the options by which resolve and why ask it. */
function prepared(packages?: readonly PackageSpec[]) {
  const program = new TestProgram();
  const { folder, keys } = program.repository(packages);
  program.write("small.yaml", smallManifest(folder));
  return {
    program,
    resolve: (...words: string[]) => ["resolve", ...words, "--repository", folder, "--keys", keys],
    ask: (...words: string[]) => [...words, "--system", "small.yaml", "--keys", keys],
    [Symbol.dispose]: () => program[Symbol.dispose](),
  };
}

Deno.test("resolve prints one name-version a line in install order, cycles and all", async () => {
  using p = prepared();
  const found = await p.program.run(...p.resolve("hello"));
  assertEquals(
    [found.code, found.out],
    [0, "base-1.0-r0\ngreet-1.0-r0\nhello-2.1-r3\nhello-openrc-1.0-r0\n"],
  );
  const told = await p.program.run(...p.resolve("hello", "--json"));
  assertEquals(JSON.parse(told.out), [
    {
      name: "base",
      version: "1.0-r0",
      repository: "DIR/cwd/repository",
      reason: { kind: "dependency", by: "hello-2.1-r3", dependency: "base" },
    },
    {
      name: "greet",
      version: "1.0-r0",
      repository: "DIR/cwd/repository",
      reason: { kind: "dependency", by: "hello-2.1-r3", dependency: "so:libgreet.so.1" },
    },
    {
      name: "hello",
      version: "2.1-r3",
      repository: "DIR/cwd/repository",
      reason: { kind: "world", dependency: "hello" },
    },
    {
      name: "hello-openrc",
      version: "1.0-r0",
      repository: "DIR/cwd/repository",
      reason: { kind: "install-if", conditions: ["hello=2.1-r3"] },
    },
  ]);
});

Deno.test("resolve without a solution says why each candidate was refused, and ends with 1", async () => {
  using p = prepared();
  assertEquals(await p.program.fails(...p.resolve("hello>3", "nothing", "base")), {
    code: 1,
    error: [
      "error: Cannot choose packages for the world:",
      "hello: no candidate fits, asked for by world (hello>3), greet-1.0-r0 (hello)",
      "  hello-2.1-r3: world asks for hello>3",
      "nothing: no repository has it, asked for by world (nothing)",
    ],
  });
  assertEquals(await p.program.fails(...p.resolve("hello>", "a b", "base")), {
    code: 1,
    error: [
      'error: Cannot read the world: "hello>", "a b"',
      "  hint: an item is name, name=1.2-r3, name>1, name~1.2, !name or name@tag",
    ],
  });
  const tagged = await p.program.fails(...p.resolve("hello@edge"));
  assertEquals(tagged.code, 1);
  assertMatch(tagged.error.join("\n"), /edge/);
});

Deno.test("packages for another architecture are refused with that reason", async () => {
  using p = prepared([{ name: "hello", arch: "aarch64", files: { hello: "" } }]);
  assertEquals(await p.program.fails(...p.resolve("hello")), {
    code: 1,
    error: [
      "error: Cannot choose packages for the world:",
      "hello: no candidate fits, asked for by world (hello)",
      "  hello-1.0-r0: it is built for aarch64",
    ],
  });
});

Deno.test("a provides line of 72 KB is a line like any other", async () => {
  const provides = Array.from({ length: 4000 }, (_, i) => `ocaml4-intf:Module_${i}=${i}`);
  assert(provides.join(" ").length > 72 << 10);
  using p = prepared([
    { name: "coq", provides, files: { coq: "" } },
    { name: "user", depends: ["ocaml4-intf:Module_3999=3999"], files: { user: "" } },
  ]);
  assertEquals((await p.program.run(...p.resolve("user"))).out, "coq-1.0-r0\nuser-1.0-r0\n");
  p.program.write("small.yaml", smallManifest(p.program.path("repository"), { world: ["user"] }));
  const { code, err } = await p.program.run(
    ...["build", "small.yaml", "--keys", "repository/keys", "--output", "out"],
  );
  assertEquals(code, 0, err);
});

Deno.test("why shows the chain that pulls a package in", async () => {
  using p = prepared();
  const chain = "hello-2.1-r3 (the world asks for hello)\n  greet-1.0-r0 ";
  for (const name of ["greet", "so:libgreet.so.1"]) {
    const { code, out } = await p.program.run(...p.ask("why", name));
    assertEquals([code, out], [0, `${chain}(dependency so:libgreet.so.1)\n`]);
  }
  const told = await p.program.run(...p.ask("why", "greet", "--json"));
  assertEquals(JSON.parse(told.out)[0].length, 2);
});

Deno.test("why of a package that is not there fails and points to why-not", async () => {
  using p = prepared();
  assertEquals(await p.program.fails(...p.ask("why", "nothing")), {
    code: 1,
    error: [
      'error: Cannot say why "nothing" is there: it is not',
      "  hint: ask tower-build why-not nothing",
    ],
  });
});

Deno.test("why-not shows what keeps a package out", async () => {
  using p = prepared();
  const cases = {
    "nothing": "nothing cannot be added\n" +
      "nothing: no repository has it, asked for by world (nothing)\n",
    "base": "base is installed: base-1.0-r0\n",
    "base>3": "base>3 cannot be added\n" +
      "base: no candidate fits, asked for by world (base>3), hello-2.1-r3 (base)\n" +
      "  base-1.0-r0: world asks for base>3\n",
  };
  for (const [name, answer] of Object.entries(cases)) {
    const { code, out } = await p.program.run(...p.ask("why-not", name));
    assertEquals([code, out], [0, answer]);
    JSON.parse((await p.program.run(...p.ask("why-not", name, "--json"))).out);
  }
  assertEquals((await p.program.fails(...p.ask("why-not", "base>"))).code, 1);
});
