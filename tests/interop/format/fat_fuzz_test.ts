import { atOnce } from "../../../lib/breathe.ts";
import { memorySink, memorySource } from "../../../lib/bytes/bytes.ts";
import { planFat } from "../../../lib/format/fat/layout.ts";
import { readFat } from "../../../lib/format/fat/reader.ts";
import { writeFat } from "../../../lib/format/fat/writer.ts";
import { emptyTree, EPOCH, sources } from "../../support/format/ext4_image.ts";
import { FUZZ_CASES, fuzzImage, readTree } from "../../support/format/image_fuzz.ts";
import { IMAGE_NAME } from "../../support/format/squashfs_image.ts";

const META = { uid: 0, gid: 0, mtime: EPOCH, mode: 0o644, origin: "stage:test" } as const;
const SIZES = { fat12: 1 << 20, fat16: 3 << 20, fat32: 34 << 20 } as const;

/** A volume with folders, long names and chains of several clusters. */
async function sampleVolume(minimumType: keyof typeof SIZES): Promise<Uint8Array> {
  const tree = emptyTree();
  tree.put({ ...META, type: "directory", path: "EFI" });
  tree.put({ ...META, type: "directory", path: "EFI/a longer name" });
  for (const [i, name] of ["KERNEL", "lower.txt", "Grüße, 世界", "x".repeat(60)].entries()) {
    const content = { kind: "inline", bytes: new Uint8Array(1500 * i).fill(i) } as const;
    tree.put({ ...META, type: "file", path: `EFI/a longer name/${name}`, content });
    tree.put({ ...META, type: "file", path: name, content });
  }
  const layout = planFat(tree, {
    ...{ label: "FUZZ", volumeId: 1, epoch: EPOCH, freeBytes: 0, size: SIZES[minimumType] },
    ...{ minimumType, hiddenSectors: 0, systemFiles: new Set<string>() },
  });
  const sink = memorySink(layout.size);
  await writeFat(layout, sources({}), sink);
  return sink.bytes;
}

/** One of FAT32 without its free clusters, as each changed one is a copy. */
async function smallFat32(): Promise<Uint8Array> {
  const bytes = await sampleVolume("fat32");
  const sectors = Math.ceil((bytes.findLastIndex((byte) => byte !== 0) + 1) / 512);
  new DataView(bytes.buffer).setUint32(32, sectors, true);
  return bytes.slice(0, 512 * sectors);
}

function readAll(image: Uint8Array): void {
  const { tree, contents } = atOnce(readFat(memorySource(image), IMAGE_NAME));
  readTree(tree, contents);
}

const KINDS = {
  fat12: { share: 0.5, make: () => sampleVolume("fat12") },
  fat16: { share: 0.2, make: () => sampleVolume("fat16") },
  fat32: { share: 0.3, make: smallFat32 },
} as const;

for (const [type, { share, make }] of Object.entries(KINDS)) {
  const cases = Math.round(FUZZ_CASES * share);
  Deno.test(`${type}: ${cases} changed volumes are read or refused`, async () => {
    // Most of a volume is names, times and contents, which may be others.
    await fuzzImage(await make(), readAll, { cases, head: [0, 64], leastRefused: 0.2 });
  });
}
