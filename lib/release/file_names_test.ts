import { assertEquals } from "@std/assert";
import { bmapFile, type Compression, compressionOf, imageFile, rawFile } from "./file_names.ts";

Deno.test("an image's name tells its compression, the raw image and the block map", () => {
  for (const compression of ["gzip", "zstd", "xz"] satisfies Compression[]) {
    const file = imageFile("d/a.img", compression);
    assertEquals(compressionOf(file), compression);
    assertEquals([rawFile(file), bmapFile(file)], ["d/a.img", "d/a.img.bmap"]);
  }
  assertEquals(imageFile("a.img", "none"), "a.img");
  for (const plain of ["a.img", "a.zst.img", "a.tgz", "gz"]) {
    assertEquals([compressionOf(plain), rawFile(plain)], [undefined, plain]);
  }
});
