import { assert, assertEquals, assertThrows } from "@std/assert";
import { TowerError } from "../errors.ts";
import {
  indexUrl,
  isBeyondHost,
  packageUrl,
  parseRepository,
  repositoryLines,
} from "./repositories.ts";

const LAB = { lab: "/lab" };

Deno.test("parseRepository() reads URLs, paths, tags and lab", () => {
  assertEquals(parseRepository("https://example.org/v3/main/", LAB), {
    name: "https://example.org/v3/main",
    url: "https://example.org/v3/main",
  });
  assertEquals(parseRepository("@edge http://example.org/edge", LAB).tag, "edge");
  assertEquals(parseRepository("/srv/repo", LAB).url, "/srv/repo");
  assertEquals(parseRepository("lab", { lab: "/cache/lab" }), { name: "lab", url: "/cache/lab" });
});

Deno.test("parseRepository() refuses what is no place", () => {
  for (
    const bad of ["", "relative/path", "ftp://x/y", "file://host/x", "@tag", "a b", "https://"]
  ) {
    assertEquals(assertThrows(() => parseRepository(bad, LAB), TowerError).code, "usage", bad);
  }
});

Deno.test("packages for all architectures lie in the folder of the one that is built for", () => {
  assertEquals(indexUrl("/r", "armv7"), "/r/armv7/APKINDEX.tar.gz");
  assertEquals(packageUrl("/r", "armv7", "tz", "1-r0"), "/r/armv7/tz-1-r0.apk");
});

Deno.test("repositoryLines() names no folder of the building machine", () => {
  const lines = repositoryLines([
    { name: "lab" },
    { name: "/srv/repo" },
    { name: "file:///srv/repo" },
    { name: "https://example.org/main" },
    { name: "http://example.org/edge", tag: "edge" },
  ]);
  assertEquals(lines, ["https://example.org/main", "@edge http://example.org/edge"]);
});

Deno.test("what a host names as its own loopback or folder lies not beyond it", () => {
  for (const at of ["example.org", "192.0.2.1:8080", "127.example.org", "[2001:db8::1]"]) {
    assert(isBeyondHost(`http://${at}/x`), at);
  }
  const own = ["localhost", "LOCALHOST:80", "a.localhost", "localhost.", "127.0.0.1:22", "127.1"];
  own.push("2130706433", "0x7f.1", "0", "0.0.0.0", "[::1]", "[::]");
  for (const at of own) assert(!isBeyondHost(`http://${at}/x`), at);
  for (const url of ["/media/cdrom/apks", "file:///srv"]) assert(!isBeyondHost(url), url);
});
