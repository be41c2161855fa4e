import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import config from "../../deno.json" with { type: "json" };
import { benchTask } from "../../tasks/bench.ts";
import { buildImageTask } from "../../tasks/build_image.ts";
import { compileTask } from "../../tasks/compile.ts";
import { labTask } from "../../tasks/lab.ts";
import { mutateTask } from "../../tasks/mutate.ts";
import { releaseTask } from "../../tasks/release.ts";
import { setupTask } from "../../tasks/setup.ts";
import { type MakeTask, taskStatus } from "../../tasks/task.ts";
import { testTask } from "../../tasks/test.ts";
import { tryTowerTask } from "../../tasks/try_tower.ts";
import { testEnv } from "../support/program/test_env.ts";

/** Every task that a user starts, by its name. */
const TASKS: Readonly<Record<string, MakeTask>> = {
  ...{ bench: benchTask, "build-image": buildImageTask, compile: compileTask, lab: labTask },
  ...{ mutate: mutateTask, release: releaseTask, setup: setupTask, test: testTask },
  "try-tower": tryTowerTask,
};
/** Of the gate, and the programs themselves. */
const OTHERS = ["ok", "unit", "imports", "schema", "host-rules", "tower-build", "tower"];

async function run(make: MakeTask, ...args: string[]) {
  using env = testEnv({ args });
  const code = await taskStatus(make, env);
  return { code, out: env.out, err: env.err };
}

Deno.test("every task is one of these", () => {
  const named = Object.keys(config.tasks).filter((name) => !/^test:/.test(name));
  assertEquals(named.sort(), [...Object.keys(TASKS), ...OTHERS].sort());
});

for (const [name, make] of Object.entries(TASKS)) {
  Deno.test(`deno task ${name} shows its help, and ends with 2 for what it does not know`, async () => {
    const help = await run(make, "--help");
    assertEquals([help.code, help.err], [0, ""]);
    assertMatch(help.out, new RegExp(`^Usage: deno task ${name} \\[options\\].*\n\n[A-Z].*\\.\n`));
    for (const args of [["--frob"], ["-x"]]) {
      const wrong = await run(make, ...args);
      assertEquals([wrong.code, wrong.out], [2, ""], wrong.err);
      assertMatch(wrong.err, /^error: .*\n {2}hint: .* --help tells the options\n$/);
    }
  });
}

Deno.test("words and values that a task does not know are refused before its work", async () => {
  const cases: [task: string, args: string[], message: string][] = [
    ["bench", ["frob"], "it is one of image, host"],
    ["bench", ["--runs", "none"], "it must be a whole number"],
    ["build-image", ["--output", "x", "host"], 'Cannot build "host": options stand before it'],
    ["build-image", ["host", "--jobs", "0"], "it must be a whole number"],
    ["build-image", ["host", "lab"], "too many arguments"],
    ["build-image", ["thinclient", "--arch", "armv7"], 'Cannot build "thinclient" for "armv7"'],
    ["build-image", ["lab", "--arch=vax"], 'Cannot build "lab" for "vax"'],
    ["compile", ["--target", "vax"], "vax"],
    ["lab", ["--arch", "vax"], "it is one of"],
    ["lab", ["more"], "too many arguments"],
    ["mutate", [], "missing required argument 'rooms'"],
    ["release", [], "required option '--sign-key <file>' not specified"],
    ["setup", ["more"], "too many arguments"],
    ["test", ["frob"], 'Cannot find the suite "frob"'],
    ["try-tower", ["--image"], "argument missing"],
  ];
  for (const [name, args, message] of cases) {
    const { code, err } = await run(TASKS[name]!, ...args);
    assertEquals(code, 2, `${name}: ${err}`);
    assertStringIncludes(err, message);
  }
  const { code, out, err } = await run(buildImageTask, "thinclent");
  assertEquals([code, out], [1, ""]);
  assertMatch(err, /^error: Cannot find system "thinclent"; did you mean "thinclient"\?\n/);
});
