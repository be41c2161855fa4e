import { resolve } from "@std/path";
import { SourceUnpacker } from "../../lib/disk/unpacked_source.ts";
import type { Env } from "../../lib/env.ts";
import { openDisk } from "../../lib/files/disk_file.ts";
import { printable } from "../../lib/errors.ts";
import { exists, isFolder } from "../../lib/files/files.ts";
import { breathing } from "../../lib/files/interruption.ts";
import { type Address, parseAddress, withPartition } from "../../lib/image/address.ts";
import { type ImagePlace, openImage } from "../../lib/image/open_image.ts";
import type { VolumePorts } from "../../lib/image/volume.ts";

type ImageEnv = Pick<Env, "cwd" | "runner" | "signal" | "notes">;

/** What an address leads to, as long as the image is open. */
export interface OpenedImage extends Disposable {
  readonly place: ImagePlace;
  readonly ports: VolumePorts;
}

/** The image that an argument names, and the way into it. @throws {TowerError} `not-found`, `usage` */
export function imageAddress(asked: string, { cwd }: Pick<Env, "cwd">): Address {
  const isThere = (path: string) => {
    const whole = resolve(cwd, path);
    return exists(whole) && !isFolder(whole);
  };
  return parseAddress(asked, isThere);
}

/**
 * Opens what an argument names: a file or a device, or what is in it. Nothing is mounted; what is
 * compressed lies decompressed below TMPDIR until it is closed.
 *
 * @param partition Of the option `--partition`.
 * @throws {TowerError} as `imageAddress` and `openImage` do; `permission`
 */
export async function openNamedImage(
  asked: string,
  partition: string | undefined,
  env: ImageEnv,
): Promise<OpenedImage> {
  const { image, steps } = imageAddress(asked, env);
  using owned = new DisposableStack();
  const file = owned.use(openDisk(resolve(env.cwd, image), "read"));
  const unpacker = owned.use(new SourceUnpacker(env));
  const ports: VolumePorts = {
    unpack: (source, compression) => unpacker.unpack(source, compression, image),
    breathe: breathing(env.signal),
    warn: (message) => env.notes.write(`warning: ${printable(`${image}: ${message}`)}\n`),
  };
  const place = await openImage(file, withPartition(steps, partition), ports);
  const close = owned.move();
  return { place, ports, [Symbol.dispose]: () => close.dispose() };
}
