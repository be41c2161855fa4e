import { assertEquals } from "@std/assert";
import { parseIndex } from "../apk/index_text.ts";
import { memorySource } from "../bytes/bytes.ts";
import { atEveryRepository } from "./every_repository.ts";

const file = { size: 0, open: () => memorySource(new Uint8Array()) };
const source = (...names: string[]) => ({
  packages: parseIndex(
    names.map((name) => {
      const [own, mark = "A"] = name.split(":");
      return `C:Q1${mark.repeat(27)}=\nP:${own}\nV:1-r0\nA:x86_64\n\n`;
    }).join(""),
  ),
});

Deno.test("a file is offered wherever the same package stands, and nowhere else", () => {
  const sources = [source("a", "b"), source("b"), source("a", "b:B", "c")];
  const paths = ["/0/x86_64/APKINDEX.tar.gz", "/0/x86_64/a-1-r0.apk", "/0/x86_64/b-1-r0.apk"];
  const files = new Map(paths.map((path) => [path, file]));
  assertEquals([...atEveryRepository(files, sources).keys()], [
    ...paths,
    "/2/x86_64/a-1-r0.apk",
    "/1/x86_64/b-1-r0.apk",
  ]);
  assertEquals(atEveryRepository(files, sources.slice(0, 1)), files);
});
