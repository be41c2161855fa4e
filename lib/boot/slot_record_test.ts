import { assertEquals } from "@std/assert";
import { digestOf, hexOf } from "../bytes/digest.ts";
import { firstSlotRecord } from "./slot_record.ts";

Deno.test("firstSlotRecord() is a whole record in the first of two sectors", () => {
  const record = firstSlotRecord();
  assertEquals(record.length, 1024);
  const lines = new TextDecoder().decode(record.subarray(0, 512)).replace(/\0*$/, "").split("\n");
  assertEquals(lines.at(-1), "");
  const body = lines.slice(0, -2);
  assertEquals(body, ["tower-slots 1", "sequence 1", "a good 0 0", "b empty 0 0", "first a"]);
  assertEquals(lines.at(-2), hexOf(digestOf(`${body.join("\n")}\n`)));
  assertEquals(record.subarray(512).every((byte) => byte === 0), true);
});
