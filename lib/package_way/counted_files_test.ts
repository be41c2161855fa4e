import { assertEquals } from "@std/assert";
import { memorySource } from "../bytes/bytes.ts";
import { countedFiles } from "./counted_files.ts";

Deno.test("each byte that is read of an offered file is counted, and comes as it is", async () => {
  let read = 0;
  const file = { size: 5, open: () => memorySource(Uint8Array.of(1, 2, 3, 4, 5)) };
  const counted = countedFiles(new Map([["/a", file]]), (bytes) => read += bytes).get("/a")!;
  const source = await counted.open();
  const into = new Uint8Array(3);
  assertEquals([counted.size, source.readAt(0, into), [...into], read], [5, 3, [1, 2, 3], 3]);
  assertEquals([source.readAt(3, into), source.readAt(5, into), read], [2, 0, 5]);
});
