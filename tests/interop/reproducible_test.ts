import { assertEquals } from "@std/assert";
import { denoRunner } from "../../lib/proc/deno_runner.ts";
import { hashFile } from "../../lib/store/artifact_file.ts";
import { FULL_OUTPUTS, fullInputs } from "../support/full_system.ts";
import { labMissing } from "../support/lab_system.ts";
import { SharedProgram } from "../support/shared_program.ts";

const runner = denoRunner();
const missing = labMissing() ??
  (["setpriv", "sh"].every((t) => runner.which(t)) ? undefined : "needs setpriv");
const isRoot = Deno.uid() === 0;

/** A user's machine as far as it could leak into a build. */
interface Machine {
  readonly uid: number;
  readonly umask: string;
  readonly jobs: number;
  readonly variables: Readonly<Record<string, string>>;
}

const MACHINES: readonly [Machine, Machine] = [
  {
    uid: isRoot ? 0 : Deno.uid()!,
    umask: "022",
    jobs: 1,
    variables: { TZ: "UTC", LANG: "C", LC_ALL: "C" },
  },
  {
    uid: isRoot ? 65534 : Deno.uid()!,
    umask: "077",
    jobs: 2,
    variables: {
      TZ: "Pacific/Chatham",
      LANG: "tr_TR.UTF-8",
      LC_ALL: "tr_TR.UTF-8",
      SOURCE_DATE_EPOCH: "1",
      HOSTNAME: "elsewhere",
      USER: "nobody",
    },
  },
];

const uids = isRoot ? "user, " : "";
Deno.test({
  name: `two builds with another ${uids}umask, time zone, locale, home, cache, working directory ` +
    `and number of jobs give the same bytes${missing ? ` (skipped: ${missing})` : ""}`,
  ignore: missing !== undefined,
  async fn() {
    using program = await SharedProgram.make();
    const inputs = await fullInputs(program);
    const results = [];
    for (const [i, machine] of MACHINES.entries()) {
      const home = program.writable(`home${i}`);
      const work = program.writable(`work${i}-${"x".repeat(i * 20)}`);
      const argv = program.argv(
        ...["build", inputs.manifest, ...inputs.options, "--output", "out"],
        ...["--jobs", String(machine.jobs)],
      );
      const { uid, umask } = machine;
      const user = isRoot ? ["setpriv", `--reuid=${uid}`, `--regid=${uid}`, "--clear-groups"] : [];
      await runner.run({
        argv: ["sh", "-c", `umask ${umask}; exec "$@"`, "sh", ...user, ...argv],
        cwd: work,
        variables: {
          ...program.variables,
          ...machine.variables,
          HOME: home,
          XDG_CACHE_HOME: `${home}/cache${i}`,
        },
      });
      const digests = FULL_OUTPUTS.map((name) => `${name} ${hashFile(`${work}/out/${name}`)}`);
      const { mode, uid: owner } = Deno.statSync(`${work}/out/gpt.img`);
      assertEquals([mode! & 0o777, owner], [0o644, uid]);
      const { plan, lock } = JSON.parse(Deno.readTextFileSync(`${work}/out/record.json`));
      results.push([...digests, plan, lock]);
    }
    assertEquals(results[1], results[0]);
  },
});
