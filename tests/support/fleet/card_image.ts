import { join } from "@std/path";
import { encodeMbr, MBR_TYPE } from "../../../lib/format/mbr.ts";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { writeAll } from "../../../lib/files/whole_file.ts";
import { randomNumbers } from "../program/random_numbers.ts";

/** Sectors before the boot partition, in it, and of the whole small image. */
const FIRST = 2048;
const BOOT_SECTORS = 16_384;
/** Where data begins behind the boot partition. */
const DATA = (FIRST + BOOT_SECTORS) * 512;
export const CARD_SIZE = 24 << 20;

/** Programs that making such an image takes. */
export const CARD_TOOLS = ["mkfs.fat", "ssh-keygen"];

/** A small image of the shape of a host's: an MBR, a FAT partition, data behind; with SHA256SUMS. */
export async function makeCardImage(folder: string): Promise<string> {
  const image = join(folder, "host.img");
  {
    using file = await makeCard(image, CARD_SIZE);
    const random = randomNumbers(1);
    for (let at = DATA; at < CARD_SIZE; at += 65536) {
      writeAt(file, at, Uint8Array.from({ length: 4096 }, () => random.below(256)));
    }
  }
  await writeSums(folder, "host.img");
  return image;
}

/** Such an image with holes: pieces of data of up to 4 MiB, `data` bytes in all; with a block map. */
export async function makeSparseCard(folder: string, size: number, data: number): Promise<string> {
  const image = join(folder, "host.img");
  {
    using file = await makeCard(image, size);
    const random = randomNumbers(1);
    const bytes = new Uint8Array(4 << 20);
    const distance = (size - DATA) / data * bytes.length;
    for (let at = DATA, left = data; left > 0;) {
      const piece = bytes.subarray(0, Math.min(left, (1 + random.below(1024)) * 4096));
      // 65536 bytes are the most that it gives at once.
      for (let i = 0; i < piece.length; i += 65536) {
        crypto.getRandomValues(piece.subarray(i, i + 65536));
      }
      writeAt(file, Math.floor(at / 4096) * 4096, piece);
      left -= piece.length;
      at += distance * piece.length / bytes.length;
    }
    file.syncSync(); // bmaptool asks the file system where data are
  }
  const bmap = `${image}.bmap`;
  await denoRunner().run({ argv: ["bmaptool", "create", "--output", bmap, image] });
  await writeSums(folder, "host.img", "host.img.bmap");
  return image;
}

/** A file with a partition table and its boot partition; the rest is a hole. */
async function makeCard(image: string, size: number): Promise<Deno.FsFile> {
  const volume = `${image}.fat`;
  await denoRunner().run({
    argv: ["mkfs.fat", "-F", "16", "-s", "1", "-C", volume, String(BOOT_SECTORS / 2)],
  });
  const boot = { active: true, type: MBR_TYPE.fat16, firstSector: FIRST, sectors: BOOT_SECTORS };
  const file = Deno.openSync(image, { write: true, create: true });
  file.truncateSync(size);
  writeAt(file, 0, encodeMbr({ bootCode: new Uint8Array(), signature: 1, partitions: [boot] }));
  writeAt(file, FIRST * 512, Deno.readFileSync(volume));
  Deno.removeSync(volume);
  return file;
}

function writeAt(file: Deno.FsFile, offset: number, bytes: Uint8Array): void {
  file.seekSync(offset, Deno.SeekMode.Start);
  writeAll(file, bytes);
}

async function writeSums(folder: string, ...names: string[]): Promise<void> {
  const { stdout } = await denoRunner().run({ argv: ["sha256sum", ...names], cwd: folder });
  Deno.writeFileSync(join(folder, "SHA256SUMS"), stdout);
}
