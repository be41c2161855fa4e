import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { TowerError } from "../../lib/errors.ts";
import { digestOf } from "../../lib/bytes/digest.ts";
import { inlineText } from "../../lib/tree/content.ts";
import type { ContentReader, Entry } from "../../lib/tree/entry.ts";
import { FileTree } from "../../lib/tree/file_tree.ts";
import type { BuildRecord } from "../../lib/release/record.ts";
import { compareBuilds, type ComparedBuild } from "./compare.ts";
import { formatDifference } from "./difference_text.ts";
import { distributionOf } from "./distribution.ts";
import { formatTreeListing, parseTreeListing } from "./tree_listing.ts";

const reader: ContentReader = {
  open: () => {
    throw new Error("no blobs here");
  },
};
const META = { uid: 0, gid: 0, mtime: 7, origin: "stage:test" } as const;

function treeOf(...entries: Entry[]): FileTree {
  const tree = new FileTree({ ...META, mode: 0o755 });
  for (const entry of entries) {
    tree.putParents(entry.path, "stage:test", 7);
    tree.put(entry);
  }
  return tree;
}
const file = (path: string, text: string, change: Partial<Entry> = {}): Entry =>
  ({ ...META, mode: 0o644, type: "file", path, content: inlineText(text), ...change }) as Entry;
const link = (path: string, target: string): Entry => ({
  ...META,
  mode: 0o777,
  type: "symlink",
  path,
  target,
});
const textOf = (tree: FileTree) => [...formatTreeListing(tree, reader)].join("");
const listingOf = (tree: FileTree) => parseTreeListing(textOf(tree), "x");

function build(tree: FileTree | undefined, change: Partial<BuildRecord> = {}): ComparedBuild {
  const record: BuildRecord = {
    version: 2,
    system: "demo",
    arch: "x86_64",
    plan: digestOf("plan"),
    lock: digestOf("lock"),
    epoch: 0,
    builder: { name: "tower-build", version: "0" },
    artifacts: [],
    companions: [],
    packages: [],
    scripts: [],
    ...change,
  };
  return { record, trees: new Map([["root", tree && listingOf(tree)]]) };
}
const pack = (name: string, version: string, bytes = version) => ({
  name,
  version,
  license: "MIT",
  origin: name,
  repository: "lab",
  digest: digestOf(name + bytes),
  identity: "Q1",
  key: "k",
});

Deno.test("a listing tells everything of a tree but times, the same every time", () => {
  const tree = treeOf(
    file("a/b", "text", { mode: 0o4755, uid: 5 }),
    { ...META, mode: 0o644, type: "hardlink", path: "a/c", target: "a/b" },
    link("d", "a/b"),
    { ...META, mode: 0o600, type: "char", path: "dev/null", major: 1, minor: 3 },
    file("x", "", {
      xattrs: new Map([["user.b", Uint8Array.of(1)], ["user.a", new Uint8Array()]]),
    }),
  );
  const text = textOf(tree);
  assertEquals(textOf(tree.clone()), text);
  const entries = listingOf(tree);
  assertEquals(entries.get("a/b"), {
    path: "a/b",
    type: "file",
    mode: "4755",
    uid: 5,
    gid: 0,
    origin: "stage:test",
    size: 4,
    sha256: digestOf("text").replace("sha256:", ""),
  });
  assertEquals(entries.get("a/c")!.target, "a/b");
  assertEquals(entries.get("dev/null")!.device, [1, 3]);
  assertEquals(JSON.stringify(entries.get("x")!.xattrs), '{"user.a":"","user.b":"AQ=="}');
  assertEquals(entries.size, tree.size);
});

Deno.test("a listing that nobody wrote is refused", () => {
  const entry = '{"path":"a","type":"fifo","mode":"0644","uid":0,"gid":0,"origin":"x"}';
  const list = (...entries: string[]) => `{"version":1,"entries":[${entries.join()}]}`;
  assertEquals(parseTreeListing(list(entry), "f").size, 1);
  for (
    const text of [
      "",
      "[]",
      list(entry, entry),
      list(entry.replace('"a"', '"../a"')),
      list(entry.replace("0644", "rw-")),
      list(entry.replace("fifo", "socket")),
      list(entry.replace('"uid":0', '"uid":-1')),
    ]
  ) {
    assertThrows(() => parseTreeListing(text, "f"), TowerError, 'Cannot read tree listing "f"');
  }
});

Deno.test("a build differs from itself in nothing", () => {
  const one = build(treeOf(file("a", "b")), { packages: [pack("p", "1")] });
  const difference = compareBuilds(one, one);
  assert(difference.isSame);
  assertEquals(formatDifference(difference), "no differences\n");
  const blind = compareBuilds(build(undefined), one);
  assertEquals(blind.trees, { root: null });
  assertStringIncludes(formatDifference(blind), "files: not compared");
});

Deno.test("packages, files, modules, rights, devices, services, arguments and sizes are compared", () => {
  const uuid = (digit: string) => `root=UUID=${digit.repeat(8)}-aaaa-4aaa-8aaa-${digit.repeat(12)}`;
  const disk = (commandLine: string, size: number, file = "d.img") => ({
    artifacts: [{
      kind: "disk",
      mediaType: "application/vnd.efi.img",
      file,
      size,
      digest: digestOf(String(size)),
      commandLine,
      ...(file === "d.img" ? {} : { compression: { format: "zstd", tool: "t" } }),
    }],
  });
  const before = build(
    treeOf(
      file("etc/gone", "x"),
      file("etc/kept", "x"),
      file("etc/motd", "old\n"),
      file("usr/bin/su", "su", { mode: 0o4755 }),
      file("lib/modules/6.1/kernel/a.ko", "a"),
      file("lib/modules/6.1/kernel/b.ko.gz", "b"),
      link("etc/runlevels/boot/swap", "/etc/init.d/swap"),
    ),
    {
      plan: digestOf("plan before"),
      packages: [pack("a", "1"), pack("b", "1"), pack("c", "1")],
      ...disk(`${uuid("1")} quiet`, 9),
    },
  );
  const after = build(
    treeOf(
      file("etc/kept", "x"),
      file("etc/motd", "newer\n", { mode: 0o600, uid: 3 }),
      file("usr/bin/su", "su"),
      file("usr/bin/wall", "w", { mode: 0o2755 }),
      file("lib/modules/6.2/kernel/a.ko", "a"),
      file("lib/modules/6.2/kernel/b.ko.gz", "B"),
      link("etc/runlevels/default/sshd", "/etc/init.d/sshd"),
      { ...META, mode: 0o600, type: "char", path: "dev/mem", major: 1, minor: 1 },
    ),
    {
      packages: [pack("a", "2"), pack("c", "1", "rebuilt"), pack("d", "1")],
      ...disk(`${uuid("2")} panic=5`, 12, "d.img.zst"),
    },
  );
  const difference = compareBuilds(before, after);
  assertEquals(JSON.parse(JSON.stringify(difference)), difference);
  assertEquals(
    formatDifference(difference),
    `plan: another, and UUIDs in images follow from it
packages: 1 added, 1 removed, 2 changed
  + d 1
  - b 1
  ~ a 1 -> 2
  ~ c 1 has other contents
kernels: 1 added, 1 removed, 0 changed
  + 6.2
  - 6.1
kernel modules: 0 added, 0 removed, 1 changed
  ~ kernel/b.ko.gz
services: 1 added, 1 removed, 0 changed
  + sshd (default)
  - swap (boot)
setuid and setgid files: 1 added, 1 removed, 0 changed
  + /usr/bin/wall 2755 0:0
  - /usr/bin/su 4755 0:0
device nodes: 1 added, 0 removed, 0 changed
  + /dev/mem 0600 0:0 char 1,1
files: 7 added, 5 removed, 2 changed
  + /dev
  + /dev/mem
  + /etc/runlevels/default
  + /etc/runlevels/default/sshd
  + /lib/modules/6.2
  + /lib/modules/6.2/kernel
  + /usr/bin/wall
  - /etc/gone
  - /etc/runlevels/boot
  - /etc/runlevels/boot/swap
  - /lib/modules/6.1
  - /lib/modules/6.1/kernel
  ~ /etc/motd: mode 0644 -> 0600, owner 0:0 -> 3:0, size 4 -> 6, other contents
  ~ /usr/bin/su: mode 4755 -> 0644
kernel command line of d.img.zst:
  + panic=5
  - quiet
artifacts: 0 added, 0 removed, 1 changed
  ~ d.img.zst 9 -> 12 bytes (+3)
`,
  );
});

Deno.test("trees are compared by name, one that only one build has with an empty one", () => {
  const side = (...trees: readonly (readonly [string, FileTree])[]) => ({
    ...build(undefined),
    trees: new Map(trees.map(([name, tree]) => [name, listingOf(tree)])),
  });
  const root = ["root", treeOf()] as const;
  const before = side(root, ["iso", treeOf(file("a", "b"))], ["same", treeOf(file("x", "y"))]);
  const after = side(root, ["iso", treeOf(file("a", "c"))], ["same", treeOf(file("x", "y"))], [
    "new",
    treeOf(file("n", "")),
  ]);
  const difference = compareBuilds(before, after);
  assert(!difference.isSame);
  assertEquals(
    formatDifference(difference),
    `tree iso, files: 0 added, 0 removed, 1 changed
  ~ /a: other contents
tree new, files: 2 added, 0 removed, 0 changed
  + /
  + /n
`,
  );
  const blind = { ...before, trees: new Map([...before.trees, ["iso", undefined] as const]) };
  assertStringIncludes(
    formatDifference(compareBuilds(blind, after)),
    "tree iso, files: not compared, a listing of the tree is missing\n",
  );
});

Deno.test("a name that would drive the terminal is made visible", () => {
  const one = build(treeOf(), { packages: [] });
  const two = build(treeOf(), { packages: [pack("a\x1b[2J", "1")] });
  assertStringIncludes(formatDifference(compareBuilds(one, two)), "a\\x1b[2J 1");
});

Deno.test("the distribution is what os-release says", () => {
  const of = (text: string) => distributionOf(treeOf(file("etc/os-release", text)), reader);
  assertEquals(of('NAME="Alpine Linux"\nID=alpine\nVERSION_ID=3.22.1\n'), {
    id: "alpine",
    version: "3.22.1",
  });
  assertEquals(of("ID='x'\n"), { id: "x" });
  assertEquals(of("NAME=x\n"), undefined);
  assertEquals(of('ID="a b"\n'), undefined);
  assertEquals(distributionOf(treeOf(), reader), undefined);
});

Deno.test("sources are compared by name, kind and digest", () => {
  const source = (name: string, text: string, kind = "archive") =>
    ({ kind, name, digest: digestOf(text), size: 1 }) as const;
  const before = build(undefined, {
    sources: [source("a", "1"), source("b", "1"), source("c", "1")],
  });
  const after = build(undefined, {
    sources: [source("b", "2", "build"), source("c", "2"), source("d", "1")],
  });
  const difference = compareBuilds(before, after);
  assertEquals(difference.isSame, false);
  assertStringIncludes(
    formatDifference(difference),
    "sources: 1 added, 1 removed, 2 changed\n  + d (archive)\n  - a (archive)\n" +
      "  ~ b (archive -> build) has other contents\n  ~ c (archive) has other contents\n",
  );
  assertEquals(compareBuilds(before, before).isSame, true);
});
