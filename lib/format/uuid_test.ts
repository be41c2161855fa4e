import { assertEquals, assertMatch, assertNotEquals, assertThrows } from "@std/assert";
import {
  asUuid,
  formatGuid,
  formatUuid,
  guidBytes,
  serialFrom,
  type Uuid,
  uuidBytes,
  uuidFrom,
} from "./uuid.ts";

const ESP = "c12a7328-f81f-11d2-ba4b-00a0c93ec93b" as Uuid;

Deno.test("a seed always stands for the same UUID of version 8, another seed for another", () => {
  assertEquals(uuidFrom("root"), uuidFrom("root"));
  assertNotEquals(uuidFrom("root"), uuidFrom("boot"));
  for (const seed of ["", "a", "root", "é"]) {
    assertMatch(
      uuidFrom(seed),
      /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    );
  }
  assertEquals(serialFrom("a"), 0x128197ca); // sha256("a") starts ca 97 81 12
});

Deno.test("a GUID has its first three fields little-endian", () => {
  const bytes = guidBytes(ESP);
  assertEquals([...bytes.subarray(0, 10)], [
    0x28,
    0x73,
    0x2a,
    0xc1,
    0x1f,
    0xf8,
    0xd2,
    0x11,
    0xba,
    0x4b,
  ]);
  assertEquals(formatGuid(bytes), ESP);
  assertEquals(formatUuid(uuidBytes(ESP)), ESP);
});

Deno.test("only the canonical text is a UUID, in either case", () => {
  assertEquals(asUuid(ESP.toUpperCase()), ESP);
  for (const text of ["", "c12a7328", `{${ESP}}`, ESP.replaceAll("-", ""), `${ESP}0`]) {
    assertEquals(asUuid(text), undefined);
  }
  assertThrows(() => formatUuid(new Uint8Array(15)), RangeError);
});
