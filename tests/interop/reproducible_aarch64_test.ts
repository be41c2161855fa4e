import { assertEquals } from "@std/assert";
import { labFolder } from "../../build/inputs.ts";
import { realEnv } from "../../lib/env.ts";
import { denoRunner } from "../../lib/proc/deno_runner.ts";
import { hashFile } from "../../lib/store/artifact_file.ts";
import { waitForLock } from "../../lib/store/lock_file.ts";
import { labMissing } from "../support/lab_system.ts";
import { SharedProgram } from "../support/shared_program.ts";

const runner = denoRunner();
const missing = labMissing("aarch64") ??
  (["setpriv", "sh"].every((t) => runner.which(t)) ? undefined : "needs setpriv");
const isRoot = Deno.uid() === 0;

/** Two users' machines as far as they could leak into a build. */
const MACHINES = [
  { uid: Deno.uid() ?? 0, umask: "022", jobs: "1", variables: { TZ: "UTC", LC_ALL: "C" } },
  {
    uid: isRoot ? 65534 : Deno.uid() ?? 0,
    umask: "077",
    jobs: "2",
    variables: { TZ: "Pacific/Chatham", LC_ALL: "tr_TR.UTF-8", SOURCE_DATE_EPOCH: "1" },
  },
] as const;

Deno.test({
  name: "an image for aarch64, built twice on this machine by other users, is the same bytes" +
    (missing ? ` (skipped: ${missing})` : ""),
  ignore: missing !== undefined,
  async fn() {
    using program = await SharedProgram.make();
    const options = await sharedLab(program);
    const results = [];
    for (const [i, machine] of MACHINES.entries()) {
      const home = program.writable(`home${i}`);
      const work = program.writable(`work${i}`);
      const argv = program.argv(
        ...["build", "lab", "--arch", "aarch64", ...options, "--output", "out"],
        ...["--jobs", machine.jobs],
      );
      const uid = String(machine.uid);
      const user = isRoot ? ["setpriv", `--reuid=${uid}`, `--regid=${uid}`, "--clear-groups"] : [];
      await runner.run({
        argv: ["sh", "-c", `umask ${machine.umask}; exec "$@"`, "sh", ...user, ...argv],
        cwd: work,
        variables: {
          ...program.variables,
          ...machine.variables,
          HOME: home,
          XDG_CACHE_HOME: `${home}/cache${i}`,
        },
      });
      const { arch, plan, lock } = JSON.parse(Deno.readTextFileSync(`${work}/out/record.json`));
      results.push([arch, plan, lock, hashFile(`${work}/out/lab.img`)]);
    }
    assertEquals(results[0]![0], "aarch64");
    assertEquals(results[1], results[0]);
  },
});

/** Puts the lab repository where every user can read it; gives the options that name it. */
async function sharedLab(program: SharedProgram): Promise<string[]> {
  const lab = labFolder(realEnv());
  const { signal } = new AbortController();
  using _lock = await waitForLock(`${lab}/lock`, "a test", { signal, onWait() {} });
  Deno.mkdirSync(`${program.folder}/lab`);
  await program.copy(`${lab}/aarch64`, "lab/aarch64");
  const keys = await program.copy(`${lab}/keys-public`, "keys");
  return ["--repository", `${program.folder}/lab`, "--keys", keys];
}
