import { assertEquals } from "@std/assert";
import { digestOf } from "../../lib/bytes/digest.ts";
import { bytesOf } from "../../lib/tree/content.ts";
import { MemoryStore } from "../../tests/support/tree/memory_store.ts";
import { madeFiles } from "./made_files.ts";

const bytes = new TextEncoder().encode("index");

Deno.test("files are made once of the same parts by the same program", async () => {
  const store = new MemoryStore();
  let times = 0;
  const make = () => {
    times++;
    return Promise.resolve(new Map([["a", bytes]]));
  };
  const one = madeFiles(store, () => digestOf("one")),
    two = madeFiles(store, () => digestOf("two"));
  const first = await one("kind", ["x"], make);
  assertEquals(await one("kind", ["x"], make), first);
  assertEquals(times, 1);
  assertEquals(bytesOf(store, first.get("a")!), bytes);
  await one("kind", ["y"], make);
  await one("other", ["x"], make);
  await two("kind", ["x"], make);
  assertEquals(times, 4);
});

Deno.test("files whose blob is gone or damaged are made anew", async () => {
  const store = new MemoryStore();
  const made = madeFiles(store, () => digestOf("one"));
  await made("kind", [], () => Promise.resolve(new Map([["a", bytes]])));
  const open = store.open.bind(store);
  let times = 0;
  const again = () =>
    made("kind", [], () => {
      times++;
      return Promise.resolve(new Map([["a", bytes]]));
    });
  store.open = () => open(store.put(new TextEncoder().encode("indeX")));
  await again();
  assertEquals(times, 1);
  store.open = () => open(digestOf("nothing"));
  await again();
  assertEquals(times, 2);
});
