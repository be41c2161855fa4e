import { setUuidOfExt4, uuidOfExt4 } from "../format/ext4/own_uuid.ts";
import { overwriteFile, type PlacedFile, placedFile } from "../format/fat/placed_file.ts";
import { setVolumeId } from "../format/fat/volume_id.ts";
import { serialFrom, type Uuid } from "../format/uuid.ts";
import type { Disk, HostVolumes } from "./host_volumes.ts";
import { RASPBERRY_PI_CMDLINE } from "./raspberry_pi.ts";
import { SYSLINUX_CONFIG } from "./syslinux.ts";
import { SYSTEMD_BOOT_ENTRY } from "./systemd_boot.ts";

/** Files of the boot volume that hold the kernel's command line: a PC's image has two of them. */
const LOADER_FILES = [SYSLINUX_CONFIG, SYSTEMD_BOOT_ENTRY, RASPBERRY_PI_CMDLINE];
const LARGEST_FILE = 65536;

/**
 * Gives a card file systems of its own name. All cards of an image begin with the same UUID, which
 * everybody knows who has the image: a stick that bears it could be taken for the root.
 *
 * The root's UUID changes in the file system and on the kernel's command line, for which as many bytes
 * are written as are there; `rootdelay=`, which waits for others of the same name, goes. The boot
 * volume's number is made from the UUID. Something that is cut off in between is no card that starts.
 *
 * @returns false, with nothing changed, where no loader names the root by UUID.
 */
export function giveIdentity({ boot, root }: HostVolumes, uuid: Uuid): boolean {
  const old = root && uuidOfExt4(root);
  const files = loaderFiles(boot).filter(({ bytes }) => namedRoot(bytes) === old);
  if (root === undefined || old === undefined || files.length === 0) return false;
  for (const file of files) overwriteFile(boot, file, named(file.bytes, old, uuid));
  setVolumeId(boot, serialFrom(`boot volume of ${uuid}`));
  setUuidOfExt4(root, uuid);
  return true;
}

/** Whether a loader of a disk names a root by another UUID than it has. */
export function isMisnamed({ boot, root }: HostVolumes): boolean {
  const uuid = root && uuidOfExt4(root);
  return loaderFiles(boot).map(({ bytes }) => namedRoot(bytes))
    .some((named) => named !== undefined && named !== uuid);
}

function loaderFiles(boot: Disk): PlacedFile[] {
  return LOADER_FILES.flatMap((path) => placedFile(boot, path, LARGEST_FILE) ?? []);
}

const NAMED_ROOT = /^.*\broot=UUID=([0-9a-f-]{36})(?![^ \r\n]).*$/m;

function namedRoot(bytes: Uint8Array): string | undefined {
  return NAMED_ROOT.exec(textOf(bytes))?.[1];
}

/** A loader's file with another root, as long as it was: blanks at the end of a line mean nothing. */
function named(bytes: Uint8Array, old: Uuid, uuid: Uuid): Uint8Array {
  const text = textOf(bytes).replace(NAMED_ROOT, (line) => {
    const next = line.replace(old, uuid).replaceAll(/ rootdelay=\d+(?= |$)/g, "");
    return next.padEnd(line.length);
  });
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** One character for each byte. */
function textOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
}
