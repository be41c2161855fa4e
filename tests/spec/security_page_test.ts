import { assert, assertEquals } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { exists } from "../../lib/files/files.ts";

const ROOT = fromFileUrl(new URL("../..", import.meta.url));
const page = Deno.readTextFileSync(join(ROOT, "docs/security.md"));

Deno.test("every promise of docs/security.md names tests, and those are there", () => {
  const rows = page.split("\n").filter((line) => line.startsWith("| ")).slice(2);
  assert(rows.length > 10);
  for (const row of rows) {
    const [, promise = "", tests = ""] = row.split("|");
    const named = [...tests.matchAll(/`((?:[a-z]+\/)+[a-z0-9_]+)`/g)].map(([, name]) => name!);
    assert(named.length > 0, promise);
    const missing = named.filter((name) => !exists(join(ROOT, "tests", `${name}.ts`)));
    assertEquals(missing, [], promise);
  }
});
