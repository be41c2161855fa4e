import { join } from "@std/path";
import { encodeMbr, MBR_TYPE } from "../../lib/format/mbr.ts";
import { denoRunner } from "../../lib/proc/deno_runner.ts";
import { randomNumbers } from "./random_numbers.ts";

/** Sectors before the boot partition, in it, and of the whole small image. */
const FIRST = 2048;
const BOOT_SECTORS = 16_384;
export const CARD_SIZE = 24 << 20;

/** Programs that making such an image takes. */
export const CARD_TOOLS = ["mkfs.fat", "ssh-keygen"];

/** A small image of the shape of a host's: an MBR, a FAT partition, data behind; with SHA256SUMS. */
export async function makeCardImage(folder: string): Promise<string> {
  const runner = denoRunner();
  const [image, volume] = [join(folder, "host.img"), join(folder, "boot.fat")];
  await runner.run({
    argv: ["mkfs.fat", "-F", "16", "-s", "1", "-C", volume, String(BOOT_SECTORS / 2)],
  });
  const bytes = new Uint8Array(CARD_SIZE);
  const boot = { active: true, type: MBR_TYPE.fat16, firstSector: FIRST, sectors: BOOT_SECTORS };
  bytes.set(encodeMbr({ bootCode: new Uint8Array(), signature: 1, partitions: [boot] }));
  bytes.set(Deno.readFileSync(volume), FIRST * 512);
  const random = randomNumbers(1);
  for (let at = (FIRST + BOOT_SECTORS) * 512; at < CARD_SIZE; at += 65536) {
    for (let i = 0; i < 4096; i++) bytes[at + i] = random.below(256);
  }
  Deno.writeFileSync(image, bytes);
  Deno.removeSync(volume);
  const { stdout } = await runner.run({ argv: ["sha256sum", "host.img"], cwd: folder });
  Deno.writeFileSync(join(folder, "SHA256SUMS"), stdout);
  return image;
}
