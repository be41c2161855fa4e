import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { hashFile } from "../../../lib/files/artifact_file.ts";
import { listDir } from "../../../lib/files/files.ts";
import type { SharedProgram } from "../program/shared_program.ts";

const runner = denoRunner();
const isRoot = Deno.uid() === 0;

/** A user's machine as far as it could leak into a build. */
interface Machine {
  readonly uid: number;
  readonly umask: string;
  readonly jobs: number;
  readonly variables: Readonly<Record<string, string>>;
}

const MACHINES: readonly Machine[] = [
  {
    uid: Deno.uid() ?? 0,
    umask: "022",
    jobs: 1,
    variables: { TZ: "UTC", LANG: "C", LC_ALL: "C" },
  },
  {
    uid: isRoot ? 65534 : Deno.uid() ?? 0,
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

/** How the machines differ, for the names of tests. */
export const DIFFERENCES = `${isRoot ? "user, " : ""}umask, time zone, locale, home, cache, ` +
  "working directory and number of jobs";

/** Why two machines cannot be had here, or undefined. */
export function twoMachinesMissing(): string | undefined {
  return ["setpriv", "sh"].every((t) => runner.which(t)) ? undefined : "needs setpriv";
}

/** What a build left in its folder. */
export interface BuiltFolder {
  /** Digests by file name, of all but `record.json`. */
  readonly files: Readonly<Record<string, string>>;
  readonly record: { readonly arch: string; readonly plan: string; readonly lock: string };
}

/** Runs `build` with some arguments on two machines. */
export async function buildTwice(
  program: SharedProgram,
  ...args: readonly string[]
): Promise<readonly [BuiltFolder, BuiltFolder]> {
  const [first, second] = MACHINES;
  return [await buildOn(program, first!, args), await buildOn(program, second!, args)];
}

async function buildOn(
  program: SharedProgram,
  { uid, umask, jobs, variables }: Machine,
  args: readonly string[],
): Promise<BuiltFolder> {
  const home = program.writable(`home-${jobs}`);
  const work = program.writable(`work-${"x".repeat(jobs * 20)}`);
  const argv = program.argv("build", ...args, "--output", "out", "--jobs", String(jobs));
  const user = isRoot ? ["setpriv", `--reuid=${uid}`, `--regid=${uid}`, "--clear-groups"] : [];
  await runner.run({
    argv: ["sh", "-c", `umask ${umask}; exec "$@"`, "sh", ...user, ...argv],
    cwd: work,
    variables: {
      ...program.variables,
      ...variables,
      HOME: home,
      XDG_CACHE_HOME: `${home}/cache-${jobs}`,
    },
  });
  const names = listDir(`${work}/out`).filter((name) => name !== "record.json");
  for (const name of names) {
    const { mode, uid: owner } = Deno.statSync(`${work}/out/${name}`);
    if ((mode! & 0o777) !== 0o644 || owner !== uid) {
      throw new Error(`${name} has mode ${mode!.toString(8)} and belongs to ${owner}`);
    }
  }
  const { arch, plan, lock } = JSON.parse(Deno.readTextFileSync(`${work}/out/record.json`));
  return {
    files: Object.fromEntries(names.map((name) => [name, hashFile(`${work}/out/${name}`)])),
    record: { arch, plan, lock },
  };
}
