import { assert, assertEquals } from "@std/assert";
import type { Identity } from "../apk/identity.ts";
import type { IndexedPackage } from "../apk/types.ts";
import { searchIndexes } from "./index_search.ts";

function pkg(name: string, version: string, description: string): IndexedPackage {
  return {
    ...{ identity: `Q1${name}` as Identity, name, version, arch: "x86_64", description },
    ...{ size: 10, installedSize: 20, url: "", license: "", depends: [] },
    ...{ provides: [], installIf: [] },
  };
}

const SOURCES = [
  {
    packages: [
      pkg("libssh", "1-r0", "library"),
      pkg("ssh-copy", "1-r0", "copies"),
      pkg("git", "2-r0", "may use SSH"),
      pkg("ssh", "1-r0", "old"),
      pkg("ssh", "1.1-r0", "new"),
    ],
  },
  {
    tag: "edge",
    packages: [pkg("ssh", "2-r0", "edge"), { ...pkg("sshd", "1", ""), uninstallable: "x" }],
  },
];
const search = (word: string) =>
  searchIndexes(word, { sources: SOURCES, installed: [pkg("git", "1-r0", "")] });

Deno.test("a search finds names first, of each the newest of each tag, and says what is there", () => {
  assertEquals(
    search("ssh").map(({ name, version, tag, installed }) => [name, version, tag, installed]),
    [
      ["ssh", "1.1-r0", undefined, undefined],
      ["ssh", "2-r0", "edge", undefined],
      ["ssh-copy", "1-r0", undefined, undefined],
      ["libssh", "1-r0", undefined, undefined],
      ["git", "2-r0", undefined, "1-r0"],
    ],
  );
  assertEquals(search("SSH"), search("ssh"));
  assertEquals(search("none such"), []);
});

Deno.test("A8: no description drives a terminal, turns a line around, or is endless", () => {
  const evil = "\x1b[2Ja\u202eb\u2066c\u061cd\u2028e\r\x9b\x00f\u200b\ufeff\ud800g" +
    "x".repeat(10_000);
  const [found] = searchIndexes("p", {
    sources: [{ packages: [pkg("p", "1", evil)] }],
    installed: [],
  });
  assert(/^\[2Ja b c d e f .?gx+$/.test(found!.description), JSON.stringify(found));
  assert(found!.description.length <= 200);
});
