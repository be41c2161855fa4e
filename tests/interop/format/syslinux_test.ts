import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { installSyslinux, LDLINUX_PATH } from "../../../lib/boot/syslinux.ts";
import { extractSyslinux } from "../../../lib/boot/syslinux_parts.ts";
import { ldlinuxFile, patchSyslinux } from "../../../lib/boot/syslinux_patch.ts";
import { type FatOptions, planFat } from "../../../lib/format/fat/layout.ts";
import { writeFat } from "../../../lib/format/fat/writer.ts";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { FileTree } from "../../../lib/tree/file_tree.ts";
import { fileSink, tempFolder } from "../../support/program/file_sink.ts";

const runner = denoRunner();
const missing = ["syslinux", "mcopy", "fsck.fat"].filter((tool) => !runner.which(tool));
const skip = missing.length > 0;
const reason = skip ? ` (skipped: ${missing.join(", ")} missing)` : "";

const META = { uid: 0, gid: 0, mtime: 1_700_000_000, origin: "stage:test" } as const;
const OPTIONS: Omit<FatOptions, "minimumType"> = {
  label: "BOOT",
  volumeId: 1,
  epoch: META.mtime,
  freeBytes: 1 << 20,
  hiddenSectors: 0,
  systemFiles: new Set([LDLINUX_PATH]),
};
const reader = {
  open: () => {
    throw new Error("no blobs here");
  },
};
const run = async (...argv: [string, ...string[]]) => (await runner.run({ argv })).stdout;

/** First sector of a file, by mtools' list of clusters and the volume's parameter block. */
async function firstSector(image: string, path: string): Promise<number> {
  const shown = new TextDecoder().decode(await run("mshowfat", "-i", image, path));
  const cluster = Number(/<(\d+)/.exec(shown)![1]);
  const block = new DataView(Deno.readFileSync(image).buffer, 0, 512);
  const tableSectors = block.getUint16(22, true) || block.getUint32(36, true);
  const data = block.getUint16(14, true) + 2 * tableSectors + block.getUint16(17, true) / 16;
  return data + (cluster - 2) * block.getUint8(13);
}

for (const minimumType of ["fat12", "fat16", "fat32"] as const) {
  Deno.test({
    name:
      `our boot sector and ldlinux.sys are those of syslinux --install on ${minimumType}${reason}`,
    ignore: skip,
    async fn() {
      using folder = tempFolder();
      const image = join(folder.path, "fat.img");
      const parts = extractSyslinux(Deno.readFileSync(runner.which("syslinux")!));
      const tree = new FileTree({ ...META, mode: 0o755 });
      const layout = planFat(tree, { ...OPTIONS, minimumType });
      using sink = fileSink(image, layout.size);
      await writeFat(layout, reader, sink);
      const before = Deno.readFileSync(image).slice(0, 512);

      await run("syslinux", "--install", image);
      const theirs = Deno.readFileSync(image).subarray(0, 512);
      const theirFile = await run("mtype", "-i", image, `::${LDLINUX_PATH}`);
      const first = await firstSector(image, `::${LDLINUX_PATH}`);
      const ours = patchSyslinux(parts, { first, count: theirFile.length / 512 }, before);
      assertEquals(ours.file, theirFile);
      assertEquals(ours.bootSector, theirs);
    },
  });

  Deno.test({
    name: `a ${minimumType} volume with SYSLINUX still satisfies fsck.fat${reason}`,
    ignore: skip,
    async fn() {
      using folder = tempFolder();
      const image = join(folder.path, "fat.img");
      const parts = extractSyslinux(Deno.readFileSync(runner.which("syslinux")!));
      const tree = new FileTree({ ...META, mode: 0o755 });
      const content = { kind: "inline", bytes: ldlinuxFile(parts) } as const;
      tree.put({ ...META, type: "file", path: LDLINUX_PATH, mode: 0o644, content });
      const layout = planFat(tree, { ...OPTIONS, minimumType });
      using sink = fileSink(image, layout.size);
      await writeFat(layout, reader, sink);
      installSyslinux(layout, parts, sink);
      await run("fsck.fat", "-n", image);
      const listed = new TextDecoder().decode(
        await run("mattrib", "-i", image, `::${LDLINUX_PATH}`),
      );
      assertEquals(listed.trim().split(/\s+/), ["A", "SHR", "::/ldlinux.sys"]);
    },
  });
}
