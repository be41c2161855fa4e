import { assertEquals, assertThrows } from "@std/assert";
import { memorySource, readExactly } from "../bytes/bytes.ts";
import { TowerError } from "../errors.ts";
import { PlacedContents } from "./placed_contents.ts";

Deno.test("files in pieces and holes are read at any offset", () => {
  const medium = Uint8Array.from({ length: 100 }, (_, i) => i);
  const contents = new PlacedContents(memorySource(medium));
  const pieces = [{ start: 50, length: 10 }, { start: undefined, length: 5 }, {
    start: 0,
    length: 3,
  }];
  assertEquals(contents.add(pieces), 0);
  assertEquals(contents.add([]), 18);
  assertEquals(contents.add([{ start: 99, length: 1 }]), 18);
  const whole = [...medium.slice(50, 60), 0, 0, 0, 0, 0, 0, 1, 2, 99];
  assertEquals(contents.size, whole.length);
  for (let at = 0; at < whole.length; at++) {
    for (let end = at; end <= whole.length; end++) {
      assertEquals([...readExactly(contents, at, end - at)], whole.slice(at, end));
    }
  }
  assertEquals(contents.readAt(19, new Uint8Array(4)), 0);
});

Deno.test("pieces behind the end, and files of more than any medium, are refused", () => {
  const contents = new PlacedContents(memorySource(new Uint8Array(10)));
  assertThrows(
    () => contents.add([{ start: 9, length: 2 }]),
    TowerError,
    "behind the medium's end",
  );
  const error = assertThrows(
    () => contents.add([{ start: undefined, length: 2 ** 50 }]),
    TowerError,
  );
  assertEquals(error.code, "limit");
});
