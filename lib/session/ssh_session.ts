import { TowerError } from "../errors.ts";
import type { Host } from "../fleet/host.ts";
import { controlFolder, identityPath, knownHostsPath, type TowerPaths } from "../fleet/paths.ts";
import type { CommandResult, Runner } from "../proc/command.ts";
import type { HostSession, RemoteProgram } from "./session.ts";
import { sshArgv, type SshTarget } from "../ssh/ssh_argv.ts";

/** ssh's own failures; a program on the host may end with it too. */
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

/** As {@linkcode sshTarget}, for a user's own work: calls share one connection. */
export function sharedTarget(paths: TowerPaths, host: Host, connectTimeout: number): SshTarget {
  const target = sshTarget(paths, host, connectTimeout);
  // unix(7): a socket's path has at most 108 bytes, and ssh adds some of its own.
  return paths.folder.length > 40 ? target : { ...target, controlFolder: controlFolder(paths) };
}

/** Runs programs on a host by OpenSSH's client, a connection each. */
export function sshSession(host: Host, options: SshSessionOptions): HostSession {
  const { runner, paths, signal, connectTimeout } = options;
  return {
    host,
    async exec(program) {
      if (host.hostKeys.length === 0) {
        throw new TowerError("untrusted", `Cannot reach "${host.name}": its keys are not known`, {
          hint: "Provision it again: its keys are made on this machine",
        });
      }
      // A connection that is there already would hide a host whose key was swapped since.
      const argv = sshArgv(sshTarget(paths, host, connectTimeout), { command: program.argv });
      const { stdin = new Uint8Array(), deadline, outputLimit } = program;
      const timeout = new AbortController();
      const timer = setTimeout(() => timeout.abort(), deadline * 1000);
      try {
        const command = { argv, stdin, okCodes: ANY_CODE };
        const result = await runner.run(command, { signal: timeout.signal, outputLimit });
        return checked(host, result);
      } catch (error) {
        signal.throwIfAborted();
        throw shownFailure(host, program, error, timeout.signal.aborted);
      } finally {
        clearTimeout(timer);
      }
    },
  };
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

function checked(host: Host, result: CommandResult): CommandResult {
  const { ending, stderr } = result;
  if (ending.kind === "exited" && ending.code !== SSH_FAILED) return result;
  throw sshFailure(host, new TextDecoder().decode(stderr.subarray(0, 4096)));
}

/** What ssh's message means; the text itself may be the host's and is not shown. */
export function sshFailure({ name, env }: Host, message: string): TowerError {
  const say = (code: "untrusted" | "permission" | "unreachable", cause: string, hint?: string) =>
    new TowerError(code, `Cannot reach "${name}": ${cause}`, hint === undefined ? {} : { hint });
  if (/Host key verification failed|REMOTE HOST IDENTIFICATION HAS CHANGED/.test(message)) {
    return say(
      "untrusted",
      `what answers at ${env.address} has another key than ${name}`,
      "Another machine may pretend to be it. If you know why, provision it again",
    );
  }
  if (/Permission denied/.test(message)) {
    return say("permission", `it does not let ${env.username} in with our key`);
  }
  const cause = [
    [/timed out/i, "no answer"],
    [/Connection refused/, "it refuses connections to its SSH port"],
    [/No route to host|Network is unreachable/, "no way to its network"],
    [/Connection (reset|closed)/, "it closed the connection"],
  ].find(([pattern]) => (pattern as RegExp).test(message))?.[1] ?? "the connection failed";
  return say("unreachable", cause as string);
}
