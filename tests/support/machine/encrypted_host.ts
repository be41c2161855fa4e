import { join } from "@std/path";
import type { Runner } from "../../../lib/proc/command.ts";
import { SECTOR } from "../../../lib/format/fat/geometry.ts";

export const KEY_FILE = "crypto_keyfile.bin";
/** Names of a boot partition's start, which every image of a host has at its first MiB. */
const BOOT_START = 2048 * SECTOR;

/** A key as `tower provision` makes it. */
export function diskKey(): { name: string; bytes: Uint8Array } {
  return { name: KEY_FILE, bytes: crypto.getRandomValues(new Uint8Array(2048)) };
}

/** An empty disk; it takes room only where it is written. */
export function emptyDisk(folder: string, name: string, mib: number): string {
  const path = join(folder, name);
  using file = Deno.openSync(path, { write: true, create: true, truncate: true });
  file.truncateSync(mib * 2 ** 20);
  return path;
}

/** Takes a file off a card's boot partition, by the real mtools. */
export async function removeBootFile(runner: Runner, card: string, name: string): Promise<void> {
  await runner.run({ argv: ["mdel", "-i", `${card}@@${BOOT_START}`, `::${name}`] });
}
