import { TowerError } from "../errors.ts";
import type { Host } from "../fleet/host.ts";
import { controlFolder, identityPath, knownHostsPath, type TowerPaths } from "../fleet/paths.ts";
import type { CommandResult, Runner } from "../proc/command.ts";
import type { HostSession, RemoteProgram } from "./session.ts";
import { sshArgv, type SshTarget } from "../ssh/ssh_argv.ts";
import { failureInLog } from "../ssh/ssh_log.ts";
import { tempDir } from "../files/files.ts";
import { logIn, sshFailure } from "./ssh_failure.ts";
import { openTunnel, openWay } from "./ssh_tunnel.ts";

/** ssh's own failures; a program on the host may end with it too, and then ssh logs nothing. */
const SSH_FAILED = 255;
const ANY_CODE = Array.from({ length: 256 }, (_, code) => code);

export interface SshSessionOptions {
  readonly runner: Runner;
  readonly paths: TowerPaths;
  readonly signal: AbortSignal;
  /** Seconds until a host must answer a connection. */
  readonly connectTimeout: number;
}

/** Hosts are known by their name, whatever port or address they answer at. */
export function sshTarget(paths: TowerPaths, host: Host, connectTimeout: number): SshTarget {
  return {
    address: host.env.address,
    ...(host.port === undefined ? {} : { port: host.port }),
    user: host.env.username,
    identityFile: identityPath(paths, host.name),
    trust: { kind: "known", knownHostsFile: knownHostsPath(paths), alias: host.name },
    connectTimeout,
  };
}

/**
 * As {@linkcode sshTarget}, for a user's own work: calls share one connection. Its socket's folder
 * is made by who calls: an inventory of TowerOS has none, and ssh gives up without.
 */
export function sharedTarget(paths: TowerPaths, host: Host, connectTimeout: number): SshTarget {
  const target = sshTarget(paths, host, connectTimeout);
  // unix(7): a socket's path has at most 108 bytes, and ssh adds some of its own.
  return paths.folder.length > 40 ? target : { ...target, controlFolder: controlFolder(paths) };
}

/** Runs programs on a host by OpenSSH's client, a connection each. */
export function sshSession(host: Host, options: SshSessionOptions): HostSession {
  const { runner, paths, signal, connectTimeout } = options;
  // A connection that is there already would hide a host whose key was swapped since.
  const target = sshTarget(paths, host, connectTimeout);
  return {
    host,
    forward: (forward, ending = signal) => {
      requireKeys(host);
      return openTunnel(forward, { host, target, runner, signal: ending });
    },
    open: (way, ending = signal) => {
      requireKeys(host);
      return openWay(way, { host, target, runner, signal: ending });
    },
    async exec(program, ending = signal) {
      requireKeys(host);
      using own = tempDir();
      const logFile = `${own.path}/log`;
      const argv = sshArgv(target, { command: program.argv, logFile });
      const { stdin = new Uint8Array(), deadline, outputLimit } = program;
      const timeout = new AbortController();
      const timer = setTimeout(() => timeout.abort(), deadline * 1000);
      try {
        const command = { argv, stdin, okCodes: ANY_CODE, endsWithOwner: true } as const;
        const either = AbortSignal.any([timeout.signal, ending]);
        const result = await runner.run(command, { signal: either, outputLimit });
        return checked(host, result, logIn(logFile));
      } catch (error) {
        signal.throwIfAborted();
        ending.throwIfAborted();
        throw shownFailure(host, program, error, timeout.signal.aborted);
      } finally {
        clearTimeout(timer);
      }
    },
  };
}

function requireKeys(host: Host): void {
  if (host.hostKeys.length > 0) return;
  throw new TowerError("untrusted", `Cannot reach "${host.name}": its keys are not known`, {
    hint: "Provision it again: its keys are made on this machine",
  });
}

/** The runner's own words would show the whole argv. */
function shownFailure(
  host: Host,
  { deadline, outputLimit }: RemoteProgram,
  error: unknown,
  isLate: boolean,
) {
  const refuse = (code: "unreachable" | "limit", cause: string) =>
    new TowerError(code, `Cannot reach "${host.name}": ${cause}`);
  if (isLate) return refuse("unreachable", `no answer within ${deadline} s`);
  if (error instanceof TowerError && error.code === "limit") {
    return refuse("limit", `its answer is longer than ${outputLimit} bytes`);
  }
  return error;
}

/** The remote program's own end, or ssh's failure. */
function checked(host: Host, result: CommandResult, log: string): CommandResult {
  const { ending, stderr } = result;
  if (ending.kind === "exited" && ending.code !== SSH_FAILED) return result;
  const failure = failureInLog(log) ?? (isBrokenOff(stderr) ? "closed" : undefined);
  if (failure === undefined && ending.kind === "exited") return result;
  throw sshFailure(host, failure ?? "unknown");
}

/** This line alone ssh writes to its standard error; a host that forges it could break off too. */
function isBrokenOff(stderr: Uint8Array): boolean {
  const end = new TextDecoder().decode(stderr.subarray(-200));
  return /(^|\n)Connection to \S+ closed by remote host\.\r\n$/.test(end);
}
