import { makeDir } from "../files/files.ts";
import { denoRunner } from "../proc/deno_runner.ts";
import type { Command, Runner } from "../proc/command.ts";

/** Not below /tmp: what killed programs left there is removed, through a mount as well. */
const FOLDER = "/run/tower-setup";

/** A file system that is there until its owner ends. */
export interface Mounted extends AsyncDisposable {
  readonly path: string;
}

/** Mounts a device. @param name of the mount point */
export async function mounted(
  runner: Runner,
  device: string,
  name: string,
  ...options: readonly string[]
): Promise<Mounted> {
  const path = `${FOLDER}/${name}`;
  makeDir(path);
  await runner.run({ argv: ["mount", ...options, device, path] });
  return { path, [Symbol.asyncDispose]: () => undo(["umount", path]) };
}

/** Opens an encrypted device as /dev/mapper/NAME. */
export async function unlocked(
  runner: Runner,
  device: string,
  name: string,
  passphrase: Uint8Array,
): Promise<Mounted> {
  await runner.run({
    argv: ["cryptsetup", "open", "--type", "luks2", "--key-file", "-", device, name],
    stdin: passphrase,
  });
  const path = `/dev/mapper/${name}`;
  return { path, [Symbol.asyncDispose]: () => undo(["cryptsetup", "close", name]) };
}

/** Also where a signal has ended everything else. */
async function undo(argv: Command["argv"]): Promise<void> {
  await denoRunner().run({ argv });
}
