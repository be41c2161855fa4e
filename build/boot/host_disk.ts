import { join, resolve } from "@std/path";
import { giveIdentity } from "../../lib/boot/card_identity.ts";
import { hostVolumes } from "../../lib/boot/host_volumes.ts";
import type { Env } from "../../lib/env.ts";
import { putRootFile } from "../../lib/format/fat/inject.ts";
import type { Uuid } from "../../lib/format/uuid.ts";
import type { Lan } from "../../lib/qemu/machine.ts";
import { copyDisk, openDisk } from "../../lib/files/disk_file.ts";
import { readBytes, tempDir } from "../../lib/files/files.ts";
import type { FoundImage } from "../../lib/release/built_images.ts";
import { parseTowerEnv, writeTowerEnv } from "../../lib/tower_env/tower_env.ts";

/** Far more than a tower.env may have; its parser says the limit in words. */
const READ_LIMIT = 16 << 20;

/** A disk image that carries a tower.env, its host's user, and the network that it will live in. */
export interface HostDisk extends Disposable {
  readonly image: string;
  readonly user: string;
  readonly lan: Lan;
}

/** What makes a host of an image. */
export interface HostRequest {
  readonly image: string;
  /** What the record of the image tells of it, where one does. */
  readonly partitions?: FoundImage["partitions"];
  /** The file; one of the thin client's, with the password in it, will do. */
  readonly towerEnv: string;
  /** The file of the key that its sshd is to show; the host makes one by default. */
  readonly hostKey?: string | undefined;
  /** Size of the disk, as a larger card has it; the image's own by default. */
  readonly diskMiB: number | undefined;
  /** Whether the image itself is changed, and not a copy that goes away. */
  readonly inPlace: boolean;
}

/**
 * Puts a tower.env on the boot partition of an image, or of a copy, which gets UUIDs of its own.
 * @throws {TowerError} `malformed` with every rule that the tower.env breaks; nothing is changed.
 */
export function prepareHostDisk(request: HostRequest, env: Env): HostDisk {
  const file = resolve(env.cwd, request.towerEnv);
  const settings = parseTowerEnv(readBytes(file, READ_LIMIT), "thinclient");
  const folder = request.inPlace ? undefined : tempDir();
  try {
    const image = folder ? join(folder.path, "host.img") : request.image;
    if (folder) copyDisk(request.image, image);
    using disk = openDisk(image);
    if (request.diskMiB !== undefined) disk.grow(request.diskMiB * 2 ** 20);
    const volumes = hostVolumes(disk, request.partitions);
    const put = (name: string, bytes: Uint8Array) =>
      putRootFile(volumes.boot, { name, bytes, mtime: 0 });
    put("tower.env", writeTowerEnv(settings, "boot"));
    if (request.hostKey !== undefined) {
      put("ssh_host_ed25519_key", readBytes(request.hostKey, READ_LIMIT));
    }
    if (folder) giveIdentity(volumes, crypto.randomUUID() as Uuid);
    const { network, thinClient, address, username } = settings;
    return {
      image,
      user: username,
      lan: { network, host: thinClient, guest: address },
      [Symbol.dispose]: () => folder?.[Symbol.dispose](),
    };
  } catch (error) {
    folder?.[Symbol.dispose]();
    throw error;
  }
}
