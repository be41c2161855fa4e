import { assertEquals, assertThrows } from "@std/assert";
import { TowerError } from "../errors.ts";
import { ArchiveCollector } from "./collector.ts";
import type { RawEntry } from "./entry.ts";

const raw = (type: RawEntry["type"], path: string, change: Partial<RawEntry> = {}): RawEntry => ({
  ...{
    type,
    path,
    mode: 0o644,
    uid: 0,
    gid: 0,
    mtime: 0,
    size: 0,
    offset: 0,
    target: "",
    major: 0,
    minor: 0,
  },
  xattrs: new Map(),
  ...change,
});

function collected(...entries: RawEntry[]) {
  const collector = new ArchiveCollector();
  for (const entry of entries) {
    collector.entry(entry);
    collector.end();
  }
  return collector.entries();
}

const refused = (cause: string, ...entries: RawEntry[]) =>
  assertThrows(() => collected(...entries), TowerError, cause);

Deno.test("paths are plain, without ./ before and a slash behind them, and the root is left out", () => {
  const entries = collected(
    raw("directory", "./"),
    raw("directory", "./a/"),
    raw("file", "././a/b"),
    raw("hardlink", "c", { target: "./a/b" }),
    raw("hardlink", "d", { target: "c" }),
  );
  assertEquals(entries.map(({ path, target }) => [path, target]), [
    ["a", undefined],
    ["a/b", undefined],
    ["c", "a/b"],
    ["d", "a/b"],
  ]);
});

Deno.test("paths that leave the archive, or say something twice, are refused", () => {
  const paths = [
    "/a",
    "../a",
    "a/../b",
    "a//b",
    "a/./b",
    "..",
    "a\0b",
    "a\nb",
    "",
    "x".repeat(256),
  ];
  for (const path of paths) refused("its path is not plain", raw("file", path));
  refused('"a" of the archive: it comes twice', raw("file", "a"), raw("directory", "a/"));
});

Deno.test("nothing lies below a link or a file, whichever comes first", () => {
  const link = raw("symlink", "a", { target: "/etc" });
  refused('"a" is a symlink of the archive', link, raw("file", "a/passwd"));
  refused('"a" is a symlink of the archive', raw("file", "a/b/passwd"), link);
  refused('"a" is a file of the archive', raw("file", "a"), raw("file", "a/b"));
  refused('"a" is a symlink', link, raw("directory", "a/b"), raw("file", "a/b/c"));
});

Deno.test("a hard link names a file before it, and nothing else", () => {
  const link = (target: string) => raw("hardlink", "b", { target });
  refused('a hard link to "a"', link("a"), raw("file", "a"));
  refused('a hard link to "a"', raw("symlink", "a", { target: "x" }), link("a"));
  refused('a hard link to "/etc/shadow"', link("/etc/shadow"));
  refused('a hard link to "../a"', raw("file", "a"), link("../a"));
});

Deno.test("owners, devices, targets and attributes are bounded", () => {
  refused("its owner is out of range", raw("file", "a", { uid: 2 ** 32 - 1 }));
  refused("the device has numbers", raw("char", "a", { major: 4096 }));
  refused("the target of the link", raw("symlink", "a", { target: "" }));
  refused("the target of the link", raw("symlink", "a", { target: "x\ny" }));
  refused(
    "an attribute has a bad name",
    raw("file", "a", { xattrs: new Map([["a b", new Uint8Array()]]) }),
  );
  const xattrs = new Map([["user.b", Uint8Array.of(1)], ["user.a", Uint8Array.of(2)]]);
  const [file, device] = collected(raw("file", "a", { xattrs }), raw("block", "d", { major: 8 }));
  assertEquals(file!.xattrs, [["user.a", "Ag=="], ["user.b", "AQ=="]]);
  assertEquals(device!.device, [8, 0]);
});

Deno.test("a path is one line of a message, whatever it holds", () => {
  refused('Cannot take "a\\x0a  hint: b\\x1b" of the archive', raw("file", "a\n  hint: b\x1b"));
  refused(`Cannot take "${"/".repeat(200)}…" of the archive`, raw("file", `${"/".repeat(4000)}a`));
});

Deno.test("paths, links and attributes of all entries together are bounded, folders between them too", () => {
  const collect = (count: number, entry: (i: number) => RawEntry) => {
    const collector = new ArchiveCollector();
    for (let i = 0; i < count; i++) {
      collector.entry(entry(i));
      collector.end();
    }
    return collector.entries();
  };
  const long = "x/".repeat(10) + "y".repeat(200);
  assertEquals(collect(20_000, (i) => raw("file", `${long}/${i}`)).length, 20_000);
  const more = "its paths, links and attributes have more than 134217728 characters";
  // One path of 2,000 folders is half a megabyte of folders' names, of which each is held.
  const deep = (i: number) => raw("file", `${i}${"/a".repeat(2000)}`);
  assertThrows(() => collect(200, deep), TowerError, more);
  const value = new Uint8Array(1 << 20);
  const described = (i: number) => raw("file", `${i}`, { xattrs: new Map([["user.a", value]]) });
  assertThrows(() => collect(200, described), TowerError, more);
  const linked = (i: number) => raw("symlink", `${i}`, { target: "t".repeat(4000) });
  assertThrows(() => collect(50_000, linked), TowerError, more);
});
