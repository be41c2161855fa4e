import { assertEquals, assertThrows } from "@std/assert";
import { memorySink } from "../bytes/bytes.ts";
import { crc32 } from "./crc.ts";
import { type Gpt, GPT_TAIL_SECTORS, GPT_TYPE, writeGpt } from "./gpt.ts";
import { formatGuid, uuidFrom } from "./uuid.ts";

const SECTORS = 8192;
const gpt = (firstSector: number, sectors: number): Gpt => ({
  diskGuid: uuidFrom("disk"),
  diskSectors: SECTORS,
  bootCode: new Uint8Array(),
  partitions: [{
    type: GPT_TYPE.efiSystem,
    guid: uuidFrom("boot"),
    name: "boot",
    firstSector,
    sectors,
    flags: ["boot"],
  }],
});

Deno.test("both headers point at each other and carry valid checks", () => {
  const sink = memorySink(SECTORS * 512);
  writeGpt(gpt(2048, 2048), sink);
  for (
    const [own, other, entries] of [[1, SECTORS - 1, 2], [SECTORS - 1, 1, SECTORS - 33]] as const
  ) {
    const header = sink.bytes.slice(own * 512, own * 512 + 92);
    const view = new DataView(header.buffer);
    assertEquals(view.getBigUint64(24, true), BigInt(own));
    assertEquals(view.getBigUint64(32, true), BigInt(other));
    assertEquals(view.getBigUint64(72, true), BigInt(entries));
    const table = sink.bytes.subarray(entries * 512, (entries + 32) * 512);
    assertEquals(view.getUint32(88, true), crc32(table));
    assertEquals(formatGuid(table.slice(16, 32)), uuidFrom("boot"));
    assertEquals(table[48], 4);
    const check = view.getUint32(16, true);
    view.setUint32(16, 0, true);
    assertEquals(check, crc32(header));
  }
});

Deno.test("a partition that leaves the usable sectors is refused", () => {
  const sink = memorySink(SECTORS * 512);
  const last = SECTORS - GPT_TAIL_SECTORS;
  writeGpt(gpt(34, last - 34), sink);
  assertThrows(() => writeGpt(gpt(33, 10), sink), RangeError);
  assertThrows(() => writeGpt(gpt(34, last - 33), sink), RangeError);
  const doubled = {
    ...gpt(34, 10),
    partitions: [...gpt(34, 10).partitions, ...gpt(43, 1).partitions],
  };
  assertThrows(() => writeGpt(doubled, sink), RangeError, "overlaps");
});
