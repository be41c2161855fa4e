import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { writeMedium } from "../../../build/outputs/iso/write.ts";
import type { IsoPlan } from "../../../build/outputs/iso/plan.ts";
import { inOneBreath } from "../../../lib/breathe.ts";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { silent } from "../../../lib/report/event.ts";
import { bytesOf } from "../../../lib/tree/content.ts";
import { ISO_PLAN, mediumTree } from "../../support/build/iso_plan.ts";
import { partitionFile } from "../../support/format/partition_file.ts";
import { fileSink, tempFolder } from "../../support/program/file_sink.ts";
import { named, programsMissing } from "../../support/program/missing_programs.ts";
import { inlineOnly } from "../../support/tree/small_tree.ts";

const runner = denoRunner();
const missing = programsMissing(runner, "xorriso", "sfdisk", "sgdisk", "fsck.fat", "mcopy");

async function run(...argv: [string, ...string[]]): Promise<string> {
  const { stdout, stderr } = await runner.run({ argv, variables: { TZ: "UTC" } });
  return new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
}

async function writeImage(path: string, changes: Partial<IsoPlan> = {}): Promise<void> {
  using sink = fileSink(path);
  const context = {
    reader: inlineOnly,
    epoch: 1_700_000_000,
    reporter: silent,
    breathe: inOneBreath,
  };
  await writeMedium(mediumTree(), { ...ISO_PLAN, ...changes }, sink, context);
}

const report = (image: string) =>
  run(
    ...["xorriso", "-indev", image, "-report_el_torito", "plain"] as [string, ...string[]],
    ...["-report_system_area", "plain"],
  );

Deno.test({
  ...named("a medium has what a BIOS and UEFI start, from a CD and from a disk", missing),
  async fn() {
    using folder = tempFolder();
    const image = join(folder.path, "x.iso");
    await writeImage(image);
    const told = await report(image);
    for (
      const line of [
        "Volume id    : 'TOWER'",
        "El Torito boot img :   1  BIOS  y   none  0x0000  0x00      4",
        "El Torito boot img :   2  UEFI  y   none  0x0000  0x00      0",
        "El Torito img path :   1  /boot/isolinux/isolinux.bin",
        "El Torito img opts :   1  boot-info-table isohybrid-suitable",
        "System area summary: MBR protective-msdos-label cyl-align-off GPT",
        "GPT partname local :   1  ISO9660",
        "GPT partname local :   2  ESP",
      ]
    ) assertStringIncludes(told, line);
    assertStringIncludes(await run("sgdisk", "-v", image), "No problems found.");
    assertStringIncludes(await run("sfdisk", "--verify", image), "No errors detected.");
    const table = JSON.parse(await run("sfdisk", "--json", image)).partitiontable;
    assertEquals(table.id.toLowerCase(), ISO_PLAN.diskId);
    const [whole, esp] = table.partitions;
    assertEquals([whole.start, whole.size], [64, esp.start - 64]);
    assertEquals([whole.uuid, esp.uuid].map((id) => id.toLowerCase()), [
      ISO_PLAN.isoPartition,
      ISO_PLAN.espPartition,
    ]);
    const sectorOf = (platform: string) =>
      Number(new RegExp(`^El Torito boot img.*${platform}.* (\\d+)$`, "m").exec(told)![1]);
    assertEquals(sectorOf("UEFI"), esp.start / 4);
    // The code, and where it finds the loader; one entry of no size is active.
    const record = Deno.readFileSync(image).subarray(0, 512);
    assert(record.subarray(0, 432).every((byte) => byte === 0xcc));
    const place = new DataView(record.buffer, 0, 512).getBigUint64(432, true);
    assertEquals(place, BigInt(sectorOf("BIOS") * 4));
    assertEquals(record.subarray(462, 478), Uint8Array.of(0x80, ...Array(15).fill(0)));
  },
});

Deno.test({
  ...named("both file systems name the same bytes of kernel and initramfs", missing),
  async fn() {
    using folder = tempFolder();
    const image = join(folder.path, "x.iso");
    await writeImage(image);
    const tree = mediumTree();
    const esp = await partitionFile(runner, image, 2);
    await run("fsck.fat", "-n", "-v", esp);
    for (const path of [ISO_PLAN.kernel, ISO_PLAN.initramfs]) {
      const bytes = bytesOf(inlineOnly, tree.file(path)!.content);
      const [fromIso, fromFat] = [`${image}.iso`, `${image}.fat`];
      await run("xorriso", "-osirrox", "on", "-indev", image, "-extract", path, fromIso);
      await run("mcopy", "-n", "-o", "-i", esp, `::/${path}`, fromFat);
      for (const file of [fromIso, fromFat]) {
        assert(Deno.readFileSync(file).every((byte, i) => byte === bytes[i]), path);
        assertEquals(Deno.statSync(file).size, bytes.length);
        Deno.removeSync(file);
      }
      const lba = await run("xorriso", "-indev", image, "-find", `/${path}`, "-exec", "report_lba");
      const sector = Number(/^File data lba: +\d+ , +(\d+)/m.exec(lba)![1]);
      const { partitions } = JSON.parse(await run("sfdisk", "--json", image)).partitiontable;
      assert(sector > partitions[1].start / 4, "it lies in the EFI system partition");
    }
    assert(Deno.statSync(image).size < 12e6, "once");
  },
});

Deno.test({
  ...named(
    "a medium for UEFI alone has no code for a BIOS, and one for a BIOS no partition",
    missing,
  ),
  async fn() {
    using folder = tempFolder();
    const image = join(folder.path, "x.iso");
    await writeImage(image, { arch: "aarch64", loaders: ["systemd-boot"] });
    const uefi = await report(image);
    assertStringIncludes(uefi, "El Torito boot img :   1  UEFI  y");
    assert(!uefi.includes("BIOS") && !uefi.includes("isohybrid"), uefi);
    assertStringIncludes(await run("sgdisk", "-v", image), "No problems found.");
    assertEquals(
      Deno.readFileSync(image).subarray(0, 440).findLast((byte) => byte !== 0),
      undefined,
    );
    await writeImage(image, { loaders: ["isolinux"] });
    const bios = await report(image);
    assertStringIncludes(bios, "El Torito boot img :   1  BIOS  y");
    assert(!bios.includes("UEFI"), bios);
    assertStringIncludes(await run("sgdisk", "-v", image), "No problems found.");
  },
});
