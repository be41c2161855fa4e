import { pathArgument, quoteArgument } from "./argument.ts";
import { remoteCommand } from "./remote_command.ts";
import { controlPath, SAFE_CLIENT } from "./ssh_config.ts";

/** How a host proves that it is the one. Nothing outside the named file is believed. */
export type HostTrust =
  /** Its key is in the file under this name, else the connection fails. */
  | { readonly kind: "known"; readonly knownHostsFile: string; readonly alias: string }
  /** The first key it shows is written to the file: for machines that make their key at boot. */
  | { readonly kind: "first-seen"; readonly knownHostsFile: string };

/** A host and who asks. Paths are absolute. */
export interface SshTarget {
  readonly address: string;
  readonly port?: number;
  readonly user: string;
  readonly identityFile: string;
  readonly trust: HostTrust;
  /** Seconds. */
  readonly connectTimeout: number;
  /** Folder of the socket through which later calls share one connection. */
  readonly controlFolder?: string;
}

export interface SshCall {
  /** The remote program and its arguments; none starts a login shell. */
  readonly command?: readonly [string, ...string[]];
  /** Whether the remote program gets a terminal; then ssh may ask questions too. */
  readonly terminal?: boolean;
  /** Where ssh writes what it has to say itself, apart from the remote program's errors. */
  readonly logFile?: string;
  /** Whether it logs more than failures, such as the port that a host's kernel chose. */
  readonly tellsPorts?: boolean;
  /** Further options, such as forwards: name and value. */
  readonly options?: readonly (readonly [name: string, value: string])[];
}

/**
 * The command line of an OpenSSH client that reads no configuration of its user or machine.
 *
 * @throws {RangeError} for a value that ssh would take for something else.
 */
export function sshArgv(target: SshTarget, call: SshCall = {}): [string, ...string[]] {
  const command = call.command ? ["--", remoteCommand(call.command)] : [];
  return [
    "ssh",
    ...NO_CONFIGURATION,
    ...call.logFile === undefined ? [] : ["-E", call.logFile],
    call.terminal ? "-t" : "-T",
    ...optionWords(target, call),
    // ssh reads options after the host too, until the mark; before it one mark would be the last.
    ...[target.address, ...command],
  ];
}

/** Asks whether a connection that calls share is there: it ends with 0 then (ssh(1), -O). */
export function connectionCheckArgv(target: SshTarget): [string, ...string[]] {
  const [program, ...words] = sshArgv(target);
  return [program, "-O", "check", ...words];
}

/** What makes ssh and scp read no configuration. */
export const NO_CONFIGURATION = ["-F", "none"] as const;

/**
 * All that a client must know of a host, as ssh and scp take it.
 * @throws {RangeError} for an address that would be taken for something else.
 */
export function optionWords(target: SshTarget, call: SshCall): string[] {
  if (!/^[A-Za-z0-9][A-Za-z0-9.:%-]*$/.test(target.address)) {
    throw new RangeError(`"${target.address}" is no host`);
  }
  return [...fixedOptions(target, call), ...call.options ?? []]
    .flatMap(([name, value]) => ["-o", `${name}=${value}`]);
}

function fixedOptions(target: SshTarget, call: SshCall): (readonly [string, string])[] {
  const { trust, controlFolder, port, connectTimeout } = target;
  const known = trust.kind === "known"
    ? [["StrictHostKeyChecking", "yes"], ["HostKeyAlias", quoteArgument(trust.alias)]] as const
    : [["StrictHostKeyChecking", "accept-new"]] as const;
  const control = controlFolder === undefined ? [["ControlPath", "none"]] as const : [
    ["ControlMaster", "auto"],
    ["ControlPath", controlPath(controlFolder)],
    ["ControlPersist", "60"],
  ] as const;
  return [
    ["User", quoteArgument(target.user)],
    ...(port === undefined ? [] : [["Port", String(port)] as const]),
    ["IdentityFile", pathArgument(target.identityFile)],
    ["IdentitiesOnly", "yes"],
    ["IdentityAgent", "none"],
    ["UserKnownHostsFile", pathArgument(trust.knownHostsFile)],
    ["GlobalKnownHostsFile", "none"],
    ...known,
    ...SAFE_CLIENT,
    ["BatchMode", call.terminal ? "no" : "yes"],
    ["ConnectTimeout", String(connectTimeout)],
    ["ExitOnForwardFailure", "yes"],
    ["LogLevel", call.tellsPorts ? "INFO" : "ERROR"],
    ...control,
  ];
}
