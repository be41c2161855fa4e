import type { Env } from "../../lib/env.ts";
import { TowerError } from "../../lib/errors.ts";
import { reporterFor } from "../../lib/program/reporter.ts";
import { sshGreets } from "../../lib/qemu/deno_loopback.ts";
import { type MachineLogin, machineSshArgv } from "../../lib/ssh/machine_ssh.ts";
import { exists, readText } from "../../lib/files/files.ts";

/** Milliseconds: for a greeting, between two looks, for a machine to power itself off. */
const GREETING = 5000;
const PAUSE = 500;
const POWEROFF = 60_000;
const SSH_FAILED = 255;
const CONSOLE_LIMIT = 16 << 20;
const CONSOLE_LINES = 20;

/** A machine to log in to. */
export interface ShellMachine {
  readonly image: string;
  /** What starts it. */
  readonly argv: [string, ...string[]];
  /** The file that its console goes to. */
  readonly console: string;
  readonly login: MachineLogin;
  /** Seconds until it must let somebody in. */
  readonly timeout: number;
  /** Whether it must write what it has before it ends. */
  readonly keeps: boolean;
}

/**
 * Starts a machine, waits for its SSH server and gives this terminal to a shell in it. The machine
 * ends with the shell.
 * @returns the shell's exit status.
 * @throws {TowerError} `tool` where it ends before, `unreachable` where it never answers.
 */
export async function shellIn(machine: ShellMachine, env: Env): Promise<number> {
  const end = new AbortController();
  const isOver = Symbol();
  let failure: unknown;
  const over = env.runner.run({ argv: machine.argv }, { signal: end.signal })
    .catch((error) => failure = error).then(() => isOver);
  try {
    const late = () => new Promise((resolve) => setTimeout(resolve, PAUSE));
    await answering(machine, async () => {
      if (await Promise.race([over, late()]) !== isOver) return;
      // Ctrl-C at a terminal reaches QEMU too, which may end first.
      env.signal.throwIfAborted();
      throw ended(machine, failure);
    }, env);
    await using shell = env.runner.spawn({ argv: machineSshArgv(machine.login) }, {
      stdio: "inherit",
      signal: env.signal,
    });
    const ending = await shell.ended;
    env.signal.throwIfAborted();
    if (ending.kind !== "exited" || ending.code === SSH_FAILED) throw refused(machine);
    if (machine.keeps) await powerOff(machine, over, env);
    return ending.code;
  } finally {
    end.abort();
    await over;
  }
}

/** @param pause Waits a little; throws where the machine has ended. */
async function answering(
  { login, timeout }: ShellMachine,
  pause: () => Promise<void>,
  env: Env,
): Promise<void> {
  using reporter = reporterFor(env, false);
  const title = `Waiting for the machine's SSH server, at most ${timeout} s`;
  reporter.report({ type: "step", id: "ssh", title });
  const deadline = performance.now() + timeout * 1000;
  while (!await sshGreets(login.port, GREETING)) {
    env.signal.throwIfAborted();
    if (performance.now() > deadline) {
      throw new TowerError("unreachable", `Cannot reach the machine: no SSH within ${timeout} s`, {
        hint: "without --ssh its console shows how far it comes; --timeout waits longer",
      });
    }
    await pause();
  }
  reporter.report({ type: "done", id: "ssh" });
}

function ended({ image, console }: ShellMachine, cause: unknown): TowerError {
  const said = exists(console) ? readText(console, CONSOLE_LIMIT).trimEnd() : "";
  const lines = said === "" ? [] : said.split(/\r?\n/).slice(-CONSOLE_LINES);
  const last = lines.map((line) => `\n  ${line}`).join("");
  return new TowerError("tool", `Cannot log in to "${image}": it ended before${last}`, {
    ...(cause === undefined ? {} : { cause }),
  });
}

function refused({ login }: ShellMachine): TowerError {
  return new TowerError("permission", `Cannot log in as "${login.user}": see what ssh says above`, {
    hint: "the image lets in whom its manifest names (accounts, authorizedKeys); --identity FILE " +
      "and --user NAME say who you are",
  });
}

async function powerOff({ login }: ShellMachine, over: Promise<unknown>, env: Env): Promise<void> {
  const words = login.user === "root" ? ["poweroff"] : ["doas", "poweroff"];
  // The server may end before its answer is out.
  await env.runner.run({ argv: [...machineSshArgv(login), ...words], okCodes: [0, SSH_FAILED] });
  const late = Promise.withResolvers<void>();
  const timer = setTimeout(late.resolve, POWEROFF);
  await Promise.race([over, late.promise]);
  clearTimeout(timer);
}
