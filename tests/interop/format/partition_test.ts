import { assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { type Gpt, GPT_TYPE, writeGpt } from "../../../lib/format/gpt.ts";
import { encodeMbr, MBR_TYPE } from "../../../lib/format/mbr.ts";
import { uuidFrom } from "../../../lib/format/uuid.ts";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { fileSink, tempFolder } from "../../support/program/file_sink.ts";

const runner = denoRunner();
const missing = ["sfdisk", "sgdisk"].filter((tool) => !runner.which(tool));
const skip = missing.length > 0;
const reason = skip ? ` (skipped: ${missing.join(", ")} missing)` : "";

const run = async (...argv: [string, ...string[]]) => {
  const { stdout, stderr } = await runner.run({ argv });
  return new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
};

Deno.test({
  name: `sfdisk verifies an MBR and reads its partitions back${reason}`,
  ignore: skip,
  async fn() {
    using folder = tempFolder();
    const image = join(folder.path, "disk.img");
    using sink = fileSink(image, 64 << 20);
    const partitions = [
      { type: MBR_TYPE.fat32, active: true, firstSector: 2048, sectors: 40960 },
      { type: MBR_TYPE.linux, active: false, firstSector: 43008, sectors: 65536 },
    ];
    sink.writeAt(0, encodeMbr({ bootCode: new Uint8Array(), signature: 0xc0ffee42, partitions }));
    assertStringIncludes(await run("sfdisk", "--verify", image), "No errors detected.");
    const table = JSON.parse(await run("sfdisk", "--json", image)).partitiontable;
    assertEquals(table.id, "0xc0ffee42");
    assertEquals(table.partitions, [
      { node: `${image}1`, start: 2048, size: 40960, type: "c", bootable: true },
      { node: `${image}2`, start: 43008, size: 65536, type: "83" },
    ]);
  },
});

Deno.test({
  name: `sgdisk and sfdisk verify a GPT and read its partitions back${reason}`,
  ignore: skip,
  async fn() {
    using folder = tempFolder();
    const image = join(folder.path, "disk.img");
    using sink = fileSink(image, 64 << 20);
    const gpt: Gpt = {
      diskGuid: uuidFrom("disk"),
      diskSectors: 131072,
      bootCode: new Uint8Array(),
      partitions: [
        {
          type: GPT_TYPE.efiSystem,
          guid: uuidFrom("boot"),
          name: "boot",
          firstSector: 2048,
          sectors: 40960,
          flags: ["boot"],
        },
        {
          type: GPT_TYPE.rootX86_64,
          guid: uuidFrom("root"),
          name: "Wurzel ß",
          firstSector: 43008,
          sectors: 65536,
          flags: ["required", "grow", "read-only", "no-auto"],
        },
      ],
    };
    writeGpt(gpt, sink);
    assertStringIncludes(await run("sgdisk", "-v", image), "No problems found.");
    assertStringIncludes(await run("sfdisk", "--verify", image), "No errors detected.");
    const table = JSON.parse(await run("sfdisk", "--json", image)).partitiontable;
    assertEquals(table.id.toLowerCase(), uuidFrom("disk"));
    assertEquals([table.firstlba, table.lastlba], [34, 131072 - 34]);
    const upper = (text: string) => text.toUpperCase();
    assertEquals(table.partitions, [
      {
        node: `${image}1`,
        start: 2048,
        size: 40960,
        type: upper(GPT_TYPE.efiSystem),
        uuid: upper(uuidFrom("boot")),
        name: "boot",
        attrs: "LegacyBIOSBootable",
      },
      {
        node: `${image}2`,
        start: 43008,
        size: 65536,
        type: upper(GPT_TYPE.rootX86_64),
        uuid: upper(uuidFrom("root")),
        name: "Wurzel ß",
        attrs: "RequiredPartition GUID:59,60,63",
      },
    ]);
  },
});
