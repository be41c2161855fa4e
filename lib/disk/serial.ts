import { exists, readBytes } from "../files/files.ts";
import type { BlockDevice } from "./block_device.ts";

const LIMIT = 260;

/**
 * The serial number of a disk; "" where none is told. lsblk has it from udev, which is not everywhere: the
 * kernel tells that of virtio and of NVMe as text, and keeps what a disk of SCSI, SATA or USB answered (sysfs,
 * `vpd_pg80`: SPC-4, 7.8.15, Unit Serial Number: a length at byte 2, then the text).
 */
export function serialOf({ serial, name }: BlockDevice, sys = "/sys"): string {
  if (serial !== "") return serial;
  const folder = `${sys}/class/block/${name}`;
  const page = readIfThere(`${folder}/device/vpd_pg80`);
  const text = page?.subarray(4, 4 + (((page[2] ?? 0) << 8) | (page[3] ?? 0))) ??
    readIfThere(`${folder}/serial`) ?? readIfThere(`${folder}/device/serial`);
  return new TextDecoder("latin1").decode(text).replace(/[^\x20-\x7e]/g, "").trim();
}

function readIfThere(path: string): Uint8Array | undefined {
  return exists(path) ? readBytes(path, LIMIT) : undefined;
}
