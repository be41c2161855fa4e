import type { Env } from "../lib/env.ts";
import { TowerError } from "../lib/errors.ts";
import { quoteArgv } from "../lib/proc/quoting.ts";
import { LONG } from "../lib/report/running_steps.ts";
import { connectionCheckArgv, type SshTarget } from "../lib/ssh/ssh_argv.ts";
import { privateFolder } from "../lib/files/private_folder.ts";

/** Where ssh itself failed; what it says of it goes to the terminal (ssh(1), EXIT STATUS). */
const SSH_FAILED = 255;

/**
 * Gives this terminal to a client of OpenSSH, or tells its command line.
 * @param doing what is done, for an error: `copy`
 * @returns its own exit status
 */
export async function runUserClient(
  argv: [string, ...string[]],
  target: SshTarget,
  { host, dryRun, doing, cwd }: {
    readonly host: string;
    readonly dryRun: boolean;
    readonly doing: string;
    readonly cwd?: string;
  },
  env: Env,
): Promise<number> {
  if (dryRun) {
    env.stdout.write(`${quoteArgv(argv)}\n`);
    return 0;
  }
  // TowerOS has none, and ssh gives up where it cannot put its socket.
  if (target.controlFolder !== undefined) privateFolder(target.controlFolder);
  await using child = env.runner.spawn(
    { argv, ...cwd === undefined ? {} : { cwd } },
    { stdio: "inherit", signal: env.signal },
  );
  const over = new AbortController();
  const silence = setTimeout(() => void sayThatItWaits(host, target, env, over.signal), LONG);
  const ending = await child.ended.finally(() => {
    clearTimeout(silence);
    over.abort();
  });
  env.signal.throwIfAborted();
  // The terminal sends Ctrl-C to both; ssh may end before this program has heard of it.
  if (ending.kind === "signalled" && ending.signal === "SIGINT") {
    throw new TowerError("interrupted", "Cannot go on: SIGINT was received");
  }
  if (ending.kind === "exited") {
    if (ending.code === SSH_FAILED) {
      const what = `"${host}" was not reached, or what ran there ended with ${SSH_FAILED}`;
      env.notes.write(`${what}: tower status ${host} tells how it is\n`);
    }
    return ending.code;
  }
  throw new TowerError("tool", `Cannot ${doing}: ${argv[0]} was ended by ${ending.signal}`);
}

/** ssh says nothing while it waits for a host, nor when it got there: its shared connection tells. */
async function sayThatItWaits(
  host: string,
  target: SshTarget,
  { runner, notes }: Env,
  over: AbortSignal,
): Promise<void> {
  if (target.controlFolder === undefined) return;
  const okCodes = [0, SSH_FAILED];
  const check = runner.run({ argv: connectionCheckArgv(target), okCodes }, { signal: over });
  const { ending } = await check.catch(() => ({ ending: undefined }));
  if (over.aborted || ending?.kind !== "exited" || ending.code === 0) return;
  notes.write(`waiting for "${host}" to answer, ${target.connectTimeout} s at most\n`);
}
