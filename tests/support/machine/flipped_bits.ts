import { memorySource } from "../../../lib/bytes/bytes.ts";
import { readPe } from "../../../lib/format/pe/headers.ts";
import type { Runner } from "../../../lib/proc/command.ts";
import { flipBit } from "../format/flip_bit.ts";
import { bootPartition, LOADER, type SealedImage, UNIFIED_IMAGE } from "./sealed_machine.ts";

/** A place of a sealed image, and what a machine says that finds another bit there. */
export interface Place {
  readonly what: string;
  readonly says: RegExp;
  /** Flips the lowest bit of a byte there; a second time puts it back. */
  readonly flip: (sealed: SealedImage, runner: Runner) => Promise<void>;
}

const BLOCK = 4096;
const FIRMWARE = /Access Denied|Security Violation/;
const KERNEL = /dm-verity device corrupted/;

/** A byte of a partition, from its start. */
function inPartition(what: string, says: RegExp, name: string, at: number): Place {
  return {
    ...{ what, says },
    flip({ image, record }) {
      const [disk] = record.artifacts;
      const { offset } = disk!.partitions!.find((partition) => partition.name === name)!;
      flipBit(image, offset + at);
      return Promise.resolve();
    },
  };
}

/** A byte in the middle of a section of an EFI program. */
function inSection(path: string, section: string): Place {
  return {
    what: `${section} of ${path}`,
    says: FIRMWARE,
    async flip(sealed, runner) {
      const partition = bootPartition(sealed);
      const file = `${sealed.image}.flipped`;
      await runner.run({ argv: ["mcopy", "-n", "-i", partition, `::${path}`, file] });
      const bytes = Deno.readFileSync(file);
      const found = readPe(memorySource(bytes)).sections.find(({ name }) => name === section)!;
      bytes[found.rawOffset + (found.virtualSize >> 1)]! ^= 1;
      Deno.writeFileSync(file, bytes);
      await runner.run({ argv: ["mcopy", "-o", "-i", partition, file, `::${path}`] });
      Deno.removeSync(file);
    },
  };
}

/** One of each kind that another part of a start refuses: firmware, the initramfs, the kernel. */
export const PLACES: readonly Place[] = [
  inSection(LOADER, ".text"),
  inSection(UNIFIED_IMAGE, ".cmdline"),
  inSection(UNIFIED_IMAGE, ".initrd"),
  inPartition("the hash device's magic", /cannot be verified/, "verity-a", 0),
  inPartition(
    "the top of the tree",
    /no partition of slot a has the hash tree/,
    "verity-a",
    BLOCK + 100,
  ),
  inPartition("the superblock of the root", KERNEL, "root-a", 40),
];
