import { assertEquals } from "@std/assert";
import { violationsOf } from "./rules.ts";

/** The texts of the violations of a made-up project. */
function textsOf(files: Record<string, string>): string[] {
  return violationsOf(new Map(Object.entries(files))).map((v) => `${v.file}:${v.line}: ${v.text}`);
}

Deno.test("an import down the levels is allowed", () => {
  const texts = textsOf({
    "lib/errors.ts": "",
    "lib/format/tar.ts": 'import "../errors.ts"; import { createHash } from "node:crypto";',
    "lib/store/x.ts": 'import "../format/tar.ts"; Deno.readTextFileSync(p);',
    "lib/proc/deno_runner.ts": "new Deno.Command(p);",
    "build/stages/files.ts": "",
    "build/kinds/stages.ts": 'import { files } from "../stages/files.ts";',
    "build/plan/plan.ts":
      'import type { D } from "../outputs/disk.ts"; import { stageLine } from "../kinds/stages.ts";',
    "build/outputs/disk.ts": 'import { zipSync } from "fflate";',
    "build/main.ts": 'import "./root.ts"; Deno.exit(0);',
    "build/root.ts": 'import "commander"; import "./plan/plan.ts"; import "../lib/store/x.ts";',
    "lib/tree/t_test.ts": 'import "@std/assert"; import "../../tests/support/t.ts"; Deno.test(t);',
    "tests/support/t.ts": 'import "../../build/main.ts"; new Deno.Command(p);',
  });
  assertEquals(texts, []);
});

Deno.test("every forbidden edge is found", () => {
  const cases: [string, string, string][] = [
    ["lib/errors.ts", "../lib/tree/a.ts", "L0 may not import L1"],
    ["lib/apk/a.ts", "../store/files.ts", "L1 may not import L2"],
    ["lib/store/a.ts", "../../build/plan/plan.ts", "L2 may not import engine"],
    ["build/plan/a.ts", "../../lib/store/files.ts", "engine may not import L2"],
    ["build/plan/a.ts", "../outputs/disk.ts", "engine may not import outputs"],
    ["build/stages/a.ts", "../outputs/disk.ts", "stages may not import outputs"],
    ["build/outputs/a.ts", "../stages/files.ts", "outputs may not import stages"],
    ["build/stages/a.ts", "../plan/plan.ts", "stages may not import engine"],
    ["build/outputs/a.ts", "../kinds/stages.ts", "outputs may not import kinds"],
    ["build/plan/a.ts", "../stages/files.ts", "engine may not import stages"],
    ["build/stages/a.ts", "../root.ts", "stages may not import build"],
    ["cli/a.ts", "../build/root.ts", "cli may not import build"],
    ["build/a.ts", "../cli/root.ts", "build may not import cli"],
    ["build/a.ts", "../tasks/setup.ts", "build may not import tasks"],
    ["tasks/a.ts", "../tests/support/t.ts", "tasks may not import tests"],
    ["lib/format/a.ts", "../../tests/support/t.ts", "L1 may not import tests"],
  ];
  for (const [file, specifier, text] of cases) {
    const found = textsOf({ [file]: `\nimport { x } from "${specifier}";` });
    assertEquals(found.length, 1, `${file} ${specifier}`);
    assertEquals(found[0]!.startsWith(`${file}:2: `), true, found[0]);
    assertEquals(found[0]!.endsWith(text), true, found[0]);
  }
});

Deno.test("packages stay in their rooms", () => {
  assertEquals(textsOf({ "lib/apk/a.ts": 'import "node:fs";' }), [
    'lib/apk/a.ts:1: L1 may not import "node:fs"',
  ]);
  assertEquals(textsOf({ "build/plan/a.ts": 'import "commander";' }), [
    'build/plan/a.ts:1: engine may not import "commander"',
  ]);
  assertEquals(textsOf({ "lib/format/a.ts": 'import "npm:left-pad";' }).length, 1);
});

Deno.test("Deno, its Command and its exit stand in their places alone", () => {
  assertEquals(
    textsOf({
      "lib/format/a.ts": "Deno.pid;",
      "lib/proc/quoting.ts": "\nDeno.env.get(x);",
      "lib/store/a.ts": "new Deno.Command(p);",
      "lib/env.ts": "Deno.exit(1);",
      "build/commands/a.ts": "Deno.exit(1);",
      "tasks/a.ts": "new Deno.Command(p); Deno.exit(1);",
      "lib/tree/a_test.ts": "Deno.test(t); Deno.readFileSync(p);",
      "lib/tree/b.ts": '// Deno.exit\nconst text = "Deno.exit";',
    }),
    [
      "lib/format/a.ts:1: Deno.pid in a room without Deno",
      "lib/proc/quoting.ts:2: Deno.env in a room without Deno",
      "lib/store/a.ts:1: Deno.Command stands in lib/proc/deno_runner.ts alone",
      "lib/env.ts:1: Deno.exit stands in the main files alone",
      "build/commands/a.ts:1: Deno.exit stands in the main files alone",
      "tasks/a.ts:1: Deno.Command stands in lib/proc/deno_runner.ts alone",
      "lib/tree/a_test.ts:1: Deno.readFileSync in a unit test: only Deno.test",
    ],
  );
});

Deno.test("pure rooms have no clock, chance or network", () => {
  for (const word of ["Math.random()", "Date.now()", "new Date()", "fetch(u)"]) {
    assertEquals(textsOf({ "build/outputs/a.ts": `x = ${word};` }).length, 1, word);
    assertEquals(textsOf({ "build/pipeline.ts": `x = ${word};` }), []);
  }
});

Deno.test("a cycle of files is found, of types too", () => {
  const cycle = {
    "lib/tree/a.ts": 'import "./b.ts";',
    "lib/tree/b.ts": 'import "./c.ts";',
    "lib/tree/c.ts": 'import "./a.ts";',
  };
  assertEquals(textsOf(cycle), [
    "lib/tree/a.ts:1: import cycle: lib/tree/a.ts -> lib/tree/b.ts -> lib/tree/c.ts -> lib/tree/a.ts",
  ]);
  assertEquals(
    textsOf({ ...cycle, "lib/tree/c.ts": 'import type { A } from "./a.ts";' }),
    textsOf(cycle),
  );
});

Deno.test("what every start reads is without packages that commands load themselves", () => {
  const texts = {
    "build/root.ts": 'import "./commands/a.ts"; const b = () => import("./commands/b.ts");',
    "build/commands/a.ts": 'import type { T } from "../../lib/schema/c.ts"; import "commander";',
    "build/commands/b.ts": 'import "../../lib/schema/c.ts";',
    "lib/schema/c.ts": 'import { z } from "zod";',
  };
  assertEquals(textsOf(texts), []);
  assertEquals(textsOf({ ...texts, "build/commands/a.ts": 'import "../../lib/schema/c.ts";' }), [
    "build/root.ts:1: every start reads build/root.ts -> build/commands/a.ts -> lib/schema/c.ts -> zod",
  ]);
});

Deno.test("a cycle of folders is found, and one that a unit test closes is none", () => {
  const texts = {
    "lib/tree/a.ts": 'import type { B } from "../format/ext4/b.ts";',
    "lib/format/c.ts": 'import "../tree/d.ts";',
    "lib/apk/e.ts": "",
    "lib/apk/e_test.ts": 'import "../tree/a.ts";',
    "lib/tree/f.ts": 'import "../apk/e.ts";',
  };
  assertEquals(textsOf(texts), [
    "lib/tree:1: import cycle: lib/tree -> lib/format -> lib/tree",
  ]);
});

Deno.test("private files, unknown rooms, vague folders and long files are refused", () => {
  assertEquals(
    textsOf({
      "lib/apk/a.ts": 'import "./solver/_b.ts";',
      "lib/apk/solver/c.ts": 'import "./_b.ts";',
      "lib/network/a.ts": "",
      "lib/tree/utils/a.ts": "",
      "lib/tree/long.ts": "\n".repeat(301),
      "lib/tree/long_test.ts": "\n".repeat(301),
    }),
    [
      'lib/apk/a.ts:1: "lib/apk/solver/_b.ts" is private to its folder',
      "lib/network/a.ts:1: no room of docs/architecture.md holds this file",
      "lib/tree/utils/a.ts:1: the folder's name does not say what is in it",
      "lib/tree/long.ts:1: 301 lines are over 300",
    ],
  );
});
