import { assertEquals, assertMatch } from "@std/assert";
import { memorySink } from "../bytes/bytes.ts";
import { writeGpt } from "../format/gpt.ts";
import { uuidFrom } from "../format/uuid.ts";
import { BOOT_AT, diskState, mark, MARK_AT } from "./disk_state.ts";

const SIZE = 8 << 20;

function withTable() {
  const disk = memorySink(SIZE);
  const guid = uuidFrom("a guid");
  const place = { firstSector: 2048, sectors: 2048 };
  const home = { type: guid, guid, name: "home", flags: [], ...place };
  const diskSectors = SIZE / 512;
  writeGpt(
    { diskGuid: guid, diskSectors, partitions: [home], bootCode: new Uint8Array() },
    disk,
  );
  return disk;
}

/** What is told of a disk. */
function told(disk: ReturnType<typeof memorySink>): string {
  const state = diskState(disk);
  return state.kind === "used" ? state.what : state.kind;
}

Deno.test("a disk of zeros is empty, and one byte at either end is something", () => {
  const disk = memorySink(SIZE);
  assertEquals(told(disk), "empty");
  for (const at of [0, 511, 512, 4096, BOOT_AT + 1, SIZE - (1 << 20), SIZE - 1]) {
    const used = memorySink(SIZE);
    used.bytes[at] = 1;
    assertEquals(diskState(used).kind, "used", `byte ${at}`);
  }
});

Deno.test("what is on a disk is told, a damaged table too", () => {
  const disk = withTable();
  assertEquals(told(disk), 'a partition table (GPT) with partitions 1 ("home")');
  disk.bytes.fill(0xff, 1024, 2048);
  disk.bytes.fill(0xff, SIZE - 17_000);
  assertEquals(told(disk), "a damaged partition table");
  const encrypted = memorySink(SIZE);
  encrypted.writeAt(0, new TextEncoder().encode("LUKS"));
  assertEquals(told(encrypted), "an encrypted disk");
});

Deno.test("a disk that a setup began is nobody's until its boot partition begins", () => {
  const disk = withTable();
  disk.writeAt(MARK_AT, mark());
  assertEquals(told(disk), "begun");
  disk.bytes[BOOT_AT] = 0xeb;
  assertMatch(told(disk), /partition table/);
  // Somebody's own disk, whatever lies where the mark would.
  const other = withTable();
  other.writeAt(MARK_AT, new TextEncoder().encode("tower setup"));
  assertMatch(told(other), /partition table/);
});
