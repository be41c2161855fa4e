import { assertEquals, assertRejects } from "@std/assert";
import { contentMaker } from "../../tests/support/tree/make_content.ts";
import { MemoryStore } from "../../tests/support/tree/memory_store.ts";
import { smallTree } from "../../tests/support/tree/small_tree.ts";
import { stageContext } from "../../tests/support/tree/stage_context.ts";
import { memorySource } from "../../lib/bytes/bytes.ts";
import { TowerError } from "../../lib/errors.ts";
import { rootHashOf } from "../../lib/format/verity/root_hash.ts";
import { verify } from "../../lib/format/verity/verified_source.ts";
import { bytesOf } from "../../lib/tree/content.ts";
import { verity } from "./verity.ts";

const FIELDS = { kind: "verity", data: "/srv/data", path: "/srv/hashes/of-data" };

async function made(data: Uint8Array, fields: object = {}) {
  const store = new MemoryStore();
  const tree = smallTree({ "srv/data": data });
  const context = { ...stageContext(86_400), reader: store, content: contentMaker(store) };
  await verity.apply(tree, verity.spec.parse({ ...FIELDS, ...fields }), context);
  return { tree, hashes: bytesOf(store, tree.file("srv/hashes/of-data")!.content) };
}

Deno.test("the hash device of a file is put beside it, and tells its own root hash", async () => {
  const data = new Uint8Array(300 * 4096).map((_, i) => i >> 12);
  const { tree, hashes } = await made(data);
  const { mode, mtime, origin } = tree.file("srv/hashes/of-data")!;
  assertEquals([mode, mtime, origin], [0o644, 86_400, "stage:verity"]);
  verify(memorySource(data), memorySource(hashes), rootHashOf(memorySource(hashes)));
  assertEquals((await made(data)).hashes, hashes);
});

Deno.test("data that is missing or no whole blocks is refused, with the field", async () => {
  const refuses = async (data: Uint8Array, fields: object, message: string) => {
    const error = await assertRejects(() => made(data, fields), TowerError, message);
    assertEquals(error.at, ["data"]);
  };
  await refuses(new Uint8Array(4097), {}, "no whole number of blocks");
  await refuses(new Uint8Array(), {}, "no whole number of blocks");
  await refuses(new Uint8Array(4096), { data: "/srv/none" }, "no such file is in the tree");
});
