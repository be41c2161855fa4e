import { assertEquals } from "@std/assert";
import { formatKept, parseKept } from "./kept_bytes.ts";

const NAME = { kind: "linked", name: "ab" };
const BYTES = Uint8Array.from({ length: 100 }, (_, i) => i);
const kept = async () => new Uint8Array(await formatKept(NAME, BYTES));

Deno.test("bytes come back as they were kept, at a place that eight divides", async () => {
  for (const name of ["", "a", "abc", "an odd name"]) {
    const file = new Uint8Array(await formatKept({ kind: "linked", name }, BYTES));
    const bytes = await parseKept({ kind: "linked", name }, file);
    assertEquals(bytes, BYTES);
    assertEquals(bytes!.byteOffset % 8, 0, name);
  }
});

Deno.test("with any byte changed, and at any length but its own, they are none", async () => {
  const file = await kept();
  for (let at = 0; at < file.length; at++) {
    const changed = file.slice();
    changed[at]! ^= 1;
    assertEquals(await parseKept(NAME, changed), undefined, `byte ${at}`);
    assertEquals(await parseKept(NAME, file.slice(0, at)), undefined, `${at} bytes`);
  }
  assertEquals(await parseKept(NAME, new Uint8Array([...file, 0])), undefined);
});

Deno.test("what was kept under another name or kind is none", async () => {
  const file = await kept();
  assertEquals(await parseKept({ kind: "linked", name: "ac" }, file), undefined);
  assertEquals(await parseKept({ kind: "linke", name: "dab" }, file), undefined);
});
