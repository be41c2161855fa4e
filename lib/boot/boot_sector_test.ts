import { assertEquals } from "@std/assert";
import { HEAD_SIZE, startsMachine } from "./boot_sector.ts";

/** Zeros with a text at an offset. */
function head(offset = 0, bytes: readonly number[] = [], size = HEAD_SIZE): Uint8Array {
  const made = new Uint8Array(size);
  made.set(bytes.slice(0, Math.max(0, size - offset)), offset);
  return made;
}

const text = (said: string) => Array.from(said, (c) => c.charCodeAt(0));

Deno.test("a boot sector, a GPT and an ISO 9660 volume start a machine", () => {
  assertEquals(startsMachine(head(510, [0x55, 0xaa])), true);
  assertEquals(startsMachine(head(510, [0x55, 0xaa], 512)), true);
  assertEquals(startsMachine(head(512, text("EFI PART"))), true);
  assertEquals(startsMachine(head(32769, text("CD001"))), true);
});

Deno.test("nothing, zeros, text and what stands elsewhere start none", () => {
  for (
    const bytes of [
      head(0, [], 0),
      head(),
      head(0, text("name: lab\nextends: lab\n")),
      head(511, [0x55, 0xaa]),
      head(510, [0xaa, 0x55]),
      head(0, text("EFI PART")),
      head(32768, text("CD001")),
      head(510, [0x55, 0xaa], 511),
    ]
  ) assertEquals(startsMachine(bytes), false);
});
