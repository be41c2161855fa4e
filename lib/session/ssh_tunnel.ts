import { TowerError } from "../errors.ts";
import type { Host } from "../fleet/host.ts";
import type { Forward } from "../fleet/operations/step.ts";
import type { Runner, RunningProcess } from "../proc/command.ts";
import { sshArgv, type SshTarget } from "../ssh/ssh_argv.ts";
import { failureInLog } from "../ssh/ssh_log.ts";
import { tempDir } from "../files/files.ts";
import { Scope } from "./scope.ts";
import type { OpenWay, SocketWay, Tunnel } from "./session.ts";
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
export function openTunnel(forward: Forward, options: TunnelOptions): Promise<Tunnel> {
  const { at, listen } = forward;
  const where = at === "client" ? "this machine" : `"${options.host.name}"`;
  return openBy(optionOf(forward), `port ${listen} of ${where}`, options);
}

/** A connection for one socket of this machine. @throws {TowerError} as {@linkcode openTunnel} */
export async function openWay(
  { socket, end }: SocketWay,
  options: TunnelOptions,
): Promise<OpenWay> {
  // ssh takes `%`, `$` and quotes in a path for its own; temporary folders have none.
  if (!/^\/[A-Za-z0-9._/-]+$/.test(socket)) throw new RangeError(`"${socket}" is no plain path`);
  if (end.kind === "offered") {
    const what = `a port of "${options.host.name}"`;
    return await openBy(["RemoteForward", `127.0.0.1:0 ${socket}`], what, options);
  }
  if (!/^[A-Za-z0-9.-]+$/.test(end.address)) throw new RangeError(`"${end.address}" is no host`);
  const to = `${end.address}:${end.port}`;
  return await openBy(["LocalForward", `${socket} ${to}`], `a socket to "${to}"`, options);
}

async function openBy(
  option: readonly [string, string],
  what: string,
  options: TunnelOptions,
): Promise<OpenWay> {
  const { host, target, runner, signal } = options;
  const scope = new Scope(signal);
  try {
    const own = await scope.own(tempDir());
    const logFile = `${own.path}/log`;
    const argv = sshArgv(target, { command: HOLD, logFile, tellsPorts: true, options: [option] });
    const child = await scope.own(runner.spawn({ argv, endsWithOwner: true }));
    void child.stderr.cancel();
    const failure = () => failureOf(host, what, logIn(logFile));
    const lost = child.ended.then(() => scope.signal.aborted ? scope.signal.reason : failure());
    const late = new TowerError(
      "unreachable",
      `Cannot reach "${host.name}": no answer within ${PATIENCE} s`,
    );
    const timer = setTimeout(() => scope.fail(late), PATIENCE * 1000);
    if (!await isOpen(child).finally(() => clearTimeout(timer))) throw await lost;
    const port = /^Allocated port (\d{1,5}) for remote forward/m.exec(logIn(logFile))?.[1];
    return {
      port: port === undefined ? undefined : Number(port),
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

function failureOf(host: Host, what: string, log: string): TowerError {
  if (!TAKEN.test(log)) return sshFailure(host, failureInLog(log) ?? "closed");
  return new TowerError("conflict", `Cannot forward ${what}: it is not to be had`);
}
