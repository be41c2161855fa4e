import { assert, assertEquals } from "@std/assert";
import { labFolder } from "../../build/inputs/trusted_keys.ts";
import { realEnv } from "../../lib/env.ts";
import { removeTree, tempDir } from "../../lib/files/files.ts";
import { denoRunner } from "../../lib/proc/deno_runner.ts";
import { labMissing } from "../support/build/lab_system.ts";
import { unfinishedFiles } from "../support/build/unfinished_files.ts";
import { towerArgv, towerVariables } from "../support/fleet/tower_process.ts";
import { named } from "../support/program/missing_programs.ts";

const lab = labFolder(realEnv());
const BUILD = ["build", "steps.yaml", "--keys", `${lab}/keys-public`, "--output", "out", "--json"];
/** Other work on the machine may make one try late, but hardly three. */
const TRIES = 3;
const ANSWER = 1000;

const OUTPUTS = {
  "steps.img": {
    ...{ kind: "disk", compression: "zstd", table: "gpt", loaders: ["syslinux"] },
    ...{ boot: { free: "8MiB" }, root: { free: "8MiB" } },
    ...{ flavour: "virt", initramfs: "/boot/all" },
  },
  "steps.tar": { kind: "tar", compression: "gzip" },
  "steps.cpio": { kind: "cpio", compression: "none" },
} as const;
type Output = keyof typeof OUTPUTS;

/** Steps that take long, of every kind of stage and of output, and the output that has them. */
const STEPS: readonly [title: string, output: Output][] = [
  ["Load packages", "steps.cpio"],
  ["Stage packages", "steps.cpio"],
  ["Stage kernel", "steps.cpio"],
  ["Stage initramfs", "steps.cpio"],
  ["Writing partitions", "steps.img"],
  ["Compressing to steps.img.zst", "steps.img"],
  ["Writing steps.tar", "steps.tar"],
  ["Compressing to steps.tar", "steps.tar"],
  ["Writing steps.cpio", "steps.cpio"],
];

const manifestOf = (file: Output) =>
  JSON.stringify({
    ...{ name: "steps", extends: "lab" },
    stages: [
      { kind: "initramfs", flavour: "virt", path: "/boot/all", modules: ["kernel/drivers"] },
    ],
    outputs: [{ file, ...OUTPUTS[file] }],
  });

/** Sends SIGINT a moment after a step has begun; how long the program then still runs. */
async function answer(home: string, title: string): Promise<{ code: unknown; time: number }> {
  await using child = denoRunner().spawn({
    argv: towerArgv(...BUILD),
    cwd: home,
    variables: towerVariables(home),
  });
  let seen = "", sent: number | undefined;
  const decoder = new TextDecoder();
  for await (const bytes of child.stderr) {
    seen += decoder.decode(bytes, { stream: true });
    if (sent !== undefined || !seen.includes(`"title":"${title}"`)) continue;
    await new Promise((resolve) => setTimeout(resolve, 50));
    sent = performance.now();
    child.kill("SIGINT");
  }
  const ending = await child.ended;
  assert(sent !== undefined, `no step "${title}": ${seen}`);
  const code = ending.kind === "exited" ? ending.code : ending.signal;
  return { code, time: performance.now() - sent };
}

Deno.test({
  ...named("Ctrl-C is answered within a second in every step of a build", labMissing()),
  async fn(t) {
    using dir = tempDir();
    Deno.mkdirSync(`${dir.path}/cache/tower`, { recursive: true });
    Deno.symlinkSync(lab, `${dir.path}/cache/tower/lab`);
    for (const [title, output] of STEPS) {
      Deno.writeTextFileSync(`${dir.path}/steps.yaml`, manifestOf(output));
      await t.step(title, async () => {
        const times: number[] = [];
        while (times.length < TRIES) {
          removeTree(`${dir.path}/out`);
          // What was made before is not made again.
          for (const kept of ["notes", "blobs"]) {
            removeTree(`${dir.path}/cache/tower/store/${kept}`);
          }
          const { code, time } = await answer(dir.path, title);
          assertEquals(code, 130);
          assertEquals(unfinishedFiles(dir.path), []);
          times.push(time);
          if (time < ANSWER) return;
        }
        throw new Error(`each time it took longer than ${ANSWER} ms: ${times.map(Math.round)}`);
      });
    }
  },
});
