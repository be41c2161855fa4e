import { assertEquals, assertRejects } from "@std/assert";
import type { Fetcher } from "./port.ts";
import { sharedFetcher } from "./shared_fetcher.ts";

Deno.test("what is shared is fetched once, also by those who come at once, and anew after a failure", async () => {
  const asked: string[] = [];
  const fetcher: Fetcher = {
    async *stream(url) {
      asked.push(url);
      await Promise.resolve();
      if (url === "bad" && asked.length === 1) throw new Error("no way");
      yield Uint8Array.of(1);
      yield Uint8Array.of(2);
    },
  };
  const shared = sharedFetcher(fetcher, (url) => url !== "own");
  const bytes = async (url: string) => {
    const parts: number[] = [];
    for await (const part of shared.stream(url, { limit: 9 })) parts.push(...part);
    return parts;
  };
  await assertRejects(() => bytes("bad"), Error, "no way");
  assertEquals(await Promise.all([bytes("bad"), bytes("bad"), bytes("own"), bytes("own")]), [
    [1, 2],
    [1, 2],
    [1, 2],
    [1, 2],
  ]);
  assertEquals(asked, ["bad", "bad", "own", "own"]);
});
