import { pathArgument } from "./argument.ts";

/** How a machine at a port of this one's loopback is logged in to. Paths are absolute. */
export interface MachineLogin {
  readonly port: number;
  readonly user: string;
  /** The private key; without one, those that the user's ssh offers by itself. */
  readonly identityFile?: string;
  /** Holds the key of this machine and of no other. */
  readonly knownHostsFile: string;
  /** Whether that key is known before the machine starts. */
  readonly isKnown: boolean;
}

/**
 * What a user's own `Host *` must not decide: a machine at a port of the loopback is reached from
 * here, and an open connection at that port is to the machine before.
 */
const DIRECT = ["ProxyJump=none", "RemoteCommand=none", "ControlPath=none"];

/**
 * The command line of ssh for such a machine, short enough to be typed. The user's own
 * configuration is read, as it may say where keys are, but no list of hosts but the machine's.
 */
export function machineSshArgv(
  { port, user, identityFile, knownHostsFile, isKnown }: MachineLogin,
): [string, ...string[]] {
  const options = [
    `UserKnownHostsFile=${pathArgument(knownHostsFile)}`,
    "GlobalKnownHostsFile=/dev/null",
    `StrictHostKeyChecking=${isKnown ? "yes" : "accept-new"}`,
    "LogLevel=ERROR",
    ...DIRECT,
  ];
  return [
    "ssh",
    ...["-p", String(port)],
    ...identityFile === undefined ? [] : ["-i", identityFile, "-o", "IdentitiesOnly=yes"],
    ...options.flatMap((option) => ["-o", option]),
    `${user}@127.0.0.1`,
  ];
}
