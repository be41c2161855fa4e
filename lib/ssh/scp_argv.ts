import { NO_CONFIGURATION, optionWords, type SshTarget } from "./ssh_argv.ts";

/** A path here, or on the host. */
export interface CopyPlace {
  readonly isRemote: boolean;
  /** As scp reads it: on a host patterns and `~` are expanded, by the client (sftp(1)). */
  readonly path: string;
}

export interface ScpCall {
  readonly sources: readonly CopyPlace[];
  readonly destination: CopyPlace;
  readonly recursive: boolean;
  /** Whether times and modes are kept. */
  readonly preserve: boolean;
  readonly quiet: boolean;
  /** Whether ssh may ask its user. */
  readonly terminal: boolean;
}

/**
 * The command line of an OpenSSH client's scp(1) that reads no configuration. It speaks SFTP, not
 * the older protocol, in which a path goes through a shell on the host, and the host says which
 * files it sends (OpenSSH 8.7 knows `-s`).
 */
export function scpArgv(target: SshTarget, call: ScpCall): [string, ...string[]] {
  const { sources, destination, recursive, preserve, quiet, terminal } = call;
  return [
    "scp",
    ...NO_CONFIGURATION,
    "-s",
    ...recursive ? ["-r"] : [],
    ...preserve ? ["-p"] : [],
    ...quiet ? ["-q"] : [],
    ...optionWords(target, { terminal }),
    "--",
    ...[...sources, destination].map((place) => operand(target, place)),
  ];
}

/** What stands before a colon is a host, unless a slash comes first. */
function operand({ address }: SshTarget, { isRemote, path }: CopyPlace): string {
  if (isRemote) return `${address.includes(":") ? `[${address}]` : address}:${path}`;
  return path.startsWith("/") ? path : `./${path}`;
}
