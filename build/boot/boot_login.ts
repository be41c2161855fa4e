import { join, resolve } from "@std/path";
import type { Env } from "../../lib/env.ts";
import { TowerError } from "../../lib/errors.ts";
import { quoteArgv } from "../../lib/proc/quoting.ts";
import { type MachineLogin, machineSshArgv } from "../../lib/ssh/machine_ssh.ts";
import { exists, writeFileAtomic } from "../../lib/files/files.ts";
import { privateFolder } from "../../lib/files/private_folder.ts";

/** Who logs in to a machine that boots, as far as that is known. */
export interface Visitor {
  readonly user: string;
  /** An absolute path; without one ssh offers the user's own keys. */
  readonly identityFile?: string | undefined;
  /** The machine's own key as a public line; without one it makes a key as it starts. */
  readonly hostKey?: string | undefined;
}

/** The private key that `--identity` names. @throws {TowerError} `not-found`, before a machine starts */
export function identityAt(asked: string, { cwd }: Pick<Env, "cwd">): string {
  const path = resolve(cwd, asked);
  if (exists(path)) return path;
  throw new TowerError("not-found", `Cannot log in with "${path}": there is no such file`, {
    hint: "--identity names a private key: my-key where the image lets in my-key.pub",
  });
}

/**
 * How to log in to a machine that is about to start with its SSH port at `port`. Its key is looked
 * for in a file of this start alone: the next machine at this port has another one. Where the key
 * is not known before, the first that is shown is taken: nobody but QEMU has the port by then.
 */
export function loginAt(port: number, visitor: Visitor, env: Env): MachineLogin {
  const { user, identityFile, hostKey } = visitor;
  const knownHostsFile = join(privateFolder(join(env.cacheDir, "boot")), `known_hosts-${port}`);
  const line = hostKey === undefined ? "" : `[127.0.0.1]:${port} ${hostKey}\n`;
  writeFileAtomic(knownHostsFile, new TextEncoder().encode(line), 0o600);
  return {
    port,
    user,
    ...(identityFile === undefined ? {} : { identityFile }),
    knownHostsFile,
    isKnown: hostKey !== undefined,
  };
}

/** The line to type. */
export function loginLine(login: MachineLogin): string {
  return quoteArgv(machineSshArgv(login));
}
