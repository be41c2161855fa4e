import { assert } from "@std/assert";
import { join } from "@std/path";
import { inOneBreath } from "../../../lib/breathe.ts";
import { memorySink, memorySource } from "../../../lib/bytes/bytes.ts";
import { TowerError } from "../../../lib/errors.ts";
import { GPT_TYPE, writeGpt } from "../../../lib/format/gpt.ts";
import { encodeMbr, MBR_TYPE } from "../../../lib/format/mbr.ts";
import { asUuid } from "../../../lib/format/uuid.ts";
import { openImage } from "../../../lib/image/open_image.ts";
import { readPartitions } from "../../../lib/image/partition_table.ts";
import type { VolumePorts } from "../../../lib/image/volume.ts";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { run } from "../../support/program/run_tool.ts";
import { FUZZ_CASES, fuzzImage, readTree } from "../../support/format/image_fuzz.ts";
import { tempFolder } from "../../support/program/file_sink.ts";
import { named, programsMissing } from "../../support/program/missing_programs.ts";

const missing = programsMissing(denoRunner(), "tar", "cpio", "sh");
const SECTORS = 600;
const ID = asUuid("11111111-2222-4333-8444-555555555555")!;

function gptDisk(): Uint8Array {
  const sink = memorySink(SECTORS * 512);
  const partitions = [100, 200, 300].map((firstSector, i) => ({
    ...{ type: GPT_TYPE.linux, guid: ID, name: `part ${i}`, firstSector, sectors: 90, flags: [] },
  }));
  writeGpt({ diskGuid: ID, diskSectors: SECTORS, partitions, bootCode: new Uint8Array() }, sink);
  return sink.bytes;
}

function mbrDisk(): Uint8Array {
  const bytes = new Uint8Array(SECTORS * 512);
  const record = (...entries: readonly (readonly [number, number, number])[]) =>
    encodeMbr({
      ...{ bootCode: new Uint8Array(), signature: 1 },
      partitions: entries.map(([type, firstSector, sectors]) => ({
        ...{ type, active: false, firstSector, sectors },
      })),
    });
  bytes.set(record([MBR_TYPE.linux, 10, 20], [MBR_TYPE.extended, 100, 400]));
  for (const [at, next] of [[100, 100], [200, 200], [300, 0]] as const) {
    const link = next === 0 ? [] : [[MBR_TYPE.extended, next, 50] as const];
    bytes.set(record([MBR_TYPE.linux, 2, 30], ...link), at * 512);
  }
  return bytes;
}

function readTable(bytes: Uint8Array): void {
  const table = readPartitions(memorySource(bytes));
  if (table === undefined) throw new TowerError("malformed", "no table");
  for (const { start, size } of table.partitions) assert(start + size <= bytes.length);
}

for (const [kind, make] of [["gpt", gptDisk], ["mbr", mbrDisk]] as const) {
  const cases = FUZZ_CASES;
  Deno.test(`${kind}: ${cases} changed tables are read or refused`, async () => {
    await fuzzImage(make(), readTable, { cases, head: [446, 640], leastRefused: 0.05 });
  });
}

const PORTS: VolumePorts = {
  unpack: () => Promise.reject(new TowerError("unsupported", "it is compressed")),
  breathe: inOneBreath,
  warn() {},
};

async function readArchive(bytes: Uint8Array): Promise<void> {
  const place = await openImage(memorySource(bytes), [], PORTS);
  if (place.kind === "volume") readTree(place.volume.tree, place.volume.contents);
}

const ARCHIVES = {
  tar: 'tar --format=pax --xattrs -cf "$1" -C "$2" .',
  cpio: 'cd "$2" && find . | LC_ALL=C sort | cpio --quiet -o -H newc > "$1"',
} as const;

for (const [format, script] of Object.entries(ARCHIVES)) {
  const cases = FUZZ_CASES;
  Deno.test({
    ...named(`${format}: ${cases} changed archives are read or refused as trees`, missing),
    async fn() {
      using folder = tempFolder();
      const from = join(folder.path, "from");
      Deno.mkdirSync(join(from, "d/e"), { recursive: true });
      for (let i = 0; i < 8; i++) Deno.writeTextFileSync(join(from, `d/e/f${i}`), `text ${i}`);
      Deno.writeTextFileSync(join(from, "a longer name"), "x");
      Deno.linkSync(join(from, "d/e/f1"), join(from, "again"));
      Deno.symlinkSync("d/e/f1", join(from, "link"));
      const file = join(folder.path, "archive");
      await run("sh", "-c", script, "sh", file, from);
      await fuzzImage(Deno.readFileSync(file), readArchive, { cases, head: [0, 512] });
    },
  });
}
