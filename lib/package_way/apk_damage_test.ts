import { assertEquals, assertThrows } from "@std/assert";
import { TowerError } from "../errors.ts";
import { parseApkDamage } from "./apk_damage.ts";

const parse = (text: string) => parseApkDamage(new TextEncoder().encode(text));

Deno.test("what an apk left that was cut off is read, each package once", () => {
  const answer = "=audit\n|a-1-r0\n|b-2-r0\n=flagged\n|b-2-r0\n=leftovers\n|/usr/.apk.00\n";
  assertEquals(parse(answer), { broken: ["a-1-r0", "b-2-r0"], leftovers: ["/usr/.apk.00"] });
  assertEquals(parse("=audit\n=flagged\n=leftovers\n"), { broken: [], leftovers: [] });
});

Deno.test("an audit that is none is refused", () => {
  for (const answer of ["", "=audit\n", "=audit\n=leftovers\n", "=flagged\n=leftovers\n"]) {
    assertThrows(() => parse(answer), TowerError, "is missing");
  }
  assertThrows(() => parse(`=audit\n${"|a\n".repeat(20_001)}`), TowerError, "lines");
});
