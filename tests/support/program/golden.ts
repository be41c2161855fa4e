import { assertEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { exists, readText, writeFileAtomic } from "../../../lib/files/files.ts";

/**
 * Compares a text with the file of that name in tests/golden. With `TOWER_GOLDEN=write` in the
 * environment it writes the file instead, for a person to read the difference in git.
 */
export function assertGolden(name: string, text: string): void {
  const path = fromFileUrl(new URL(`../../golden/${name}`, import.meta.url));
  if (Deno.env.get("TOWER_GOLDEN") === "write") {
    writeFileAtomic(path, new TextEncoder().encode(text));
  }
  const expected = exists(path) ? readText(path, 1 << 20) : "";
  assertEquals(text, expected, `tests/golden/${name} differs; TOWER_GOLDEN=write writes it anew`);
}
