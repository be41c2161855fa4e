import { TowerError } from "../errors.ts";
import type { Host } from "../fleet/host.ts";
import type { Forward } from "../fleet/operations/step.ts";
import type { Runner, RunningProcess } from "../proc/command.ts";
import { sshArgv, type SshTarget } from "../ssh/ssh_argv.ts";
import { failureInLog } from "../ssh/ssh_log.ts";
import { tempDir } from "../files/files.ts";
import { Scope } from "./scope.ts";
import type { Tunnel } from "./session.ts";
import { logIn, sshFailure } from "./ssh_failure.ts";

/**
 * Says that the ports are open, since ssh asks for those before it runs anything, and then waits
 * for the end of its input.
 */
const HOLD = ["sh", "-c", "echo open; exec cat >/dev/null"] as const;
/** What ssh logs of a port that cannot be had. */
const TAKEN = /forwarding failed|Could not request|cannot listen to port/i;

/** Seconds until a tunnel must be open. */
const PATIENCE = 30;

export interface TunnelOptions {
  readonly host: Host;
  readonly target: SshTarget;
  readonly runner: Runner;
  readonly signal: AbortSignal;
}

/** A connection for one pair of ports alone. @throws {TowerError} as a session, and `conflict` */
export async function openTunnel(forward: Forward, options: TunnelOptions): Promise<Tunnel> {
  const { host, target, runner, signal } = options;
  const scope = new Scope(signal);
  try {
    const own = await scope.own(tempDir());
    const logFile = `${own.path}/log`;
    const argv = sshArgv(target, { command: HOLD, logFile, options: [optionOf(forward)] });
    const child = await scope.own(runner.spawn({ argv, endsWithOwner: true }));
    void child.stderr.cancel();
    const failure = () => failureOf(host, forward, logIn(logFile));
    const lost = child.ended.then(() => scope.signal.aborted ? scope.signal.reason : failure());
    const late = new TowerError(
      "unreachable",
      `Cannot reach "${host.name}": no answer within ${PATIENCE} s`,
    );
    const timer = setTimeout(() => scope.fail(late), PATIENCE * 1000);
    if (!await isOpen(child).finally(() => clearTimeout(timer))) throw await lost;
    return {
      ended: lost.finally(() => scope[Symbol.asyncDispose]()),
      [Symbol.asyncDispose]: () => scope[Symbol.asyncDispose](),
    };
  } catch (error) {
    await scope[Symbol.asyncDispose]();
    signal.throwIfAborted();
    throw error;
  }
}

function optionOf({ at, listen, to }: Forward): readonly [string, string] {
  for (const port of [listen, to]) {
    if (!Number.isInteger(port) || port < 1 || port > 65535) {
      throw new RangeError(`${port} is no port`);
    }
  }
  const name = at === "client" ? "LocalForward" : "RemoteForward";
  return [name, `127.0.0.1:${listen} 127.0.0.1:${to}`];
}

/** Whether the host says so before it says anything else, or nothing any more. */
async function isOpen({ stdout }: RunningProcess): Promise<boolean> {
  let said = "";
  for await (const part of stdout.values({ preventCancel: true })) {
    said += new TextDecoder().decode(part);
    if (said.includes("\n")) break;
    if (said.length > 16) break;
  }
  void stdout.cancel();
  return said.startsWith("open\n");
}

function failureOf(host: Host, { at, listen }: Forward, log: string): TowerError {
  if (!TAKEN.test(log)) return sshFailure(host, failureInLog(log) ?? "closed");
  const where = at === "client" ? "this machine" : `"${host.name}"`;
  return new TowerError(
    "conflict",
    `Cannot forward port ${listen} of ${where}: it is not to be had`,
  );
}
