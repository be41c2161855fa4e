import { assertEquals, assertThrows } from "@std/assert";
import { unpackedPackage } from "../../tests/support/apk/unpacked_package.ts";
import type { Digest } from "../brand.ts";
import { TowerError } from "../errors.ts";
import { inlineText } from "../tree/content.ts";
import type { Content, FileEntry } from "../tree/entry.ts";
import { FileTree } from "../tree/file_tree.ts";
import { installPackages } from "./install.ts";
import { filesOf } from "./installation.ts";
import { formatInstalled } from "./installed_db.ts";
import type { PackageEntry } from "./package_entry.ts";
import type { PackageInfo, UnpackedPackage } from "./types.ts";

function entry(type: PackageEntry["type"], path: string, more: Partial<PackageEntry> = {}) {
  const mode = type === "directory" ? 0o755 : type === "symlink" ? 0o777 : 0o644;
  const base = { mode, uid: 0, gid: 0, mtime: 5, size: 0, offset: 0 };
  const sha1 = type === "file" ? { sha1: "da39a3ee5e6b4b0d3255bfef95601890afd80709" } : {};
  return { ...base, ...sha1, type, path, ...more } as PackageEntry;
}
const dir = (path: string, more?: Partial<PackageEntry>) => entry("directory", path, more);
const file = (path: string, more?: Partial<PackageEntry>) => entry("file", path, more);
const link = (path: string, target: string) => entry("symlink", path, { target });

function pack(
  name: string,
  entries: PackageEntry[],
  info: Partial<PackageInfo> = {},
): UnpackedPackage {
  const data = `sha256:${name.charCodeAt(0).toString(16).repeat(32)}` as Digest;
  return unpackedPackage(name, { entries, info, data });
}

function emptyTree(): FileTree {
  return new FileTree({ mode: 0o755, uid: 0, gid: 0, mtime: 0, origin: "stage:base" });
}

function install(...packages: UnpackedPackage[]) {
  const tree = emptyTree();
  const installation = installPackages(tree, packages, { epoch: 100 });
  const owners = installation.packages.map((p) =>
    p.directories.flatMap((d) => [...filesOf(p, d)].map((f) => `${d.path}/${f.name}`))
  );
  return { tree, installation, owners };
}

function refused(...packages: UnpackedPackage[]): TowerError {
  return assertThrows(() => install(...packages), TowerError);
}

const SHA256 = "5a".repeat(32);

Deno.test("entries keep type, owner, mode and data; times are clamped to the epoch", () => {
  const { tree } = install(pack("a", [
    dir("dev"),
    file("dev/f", {
      mode: 0o4755,
      uid: 3,
      gid: 4,
      mtime: 900,
      size: 7,
      offset: 512,
      sha256: SHA256,
    }),
    entry("char", "dev/c", { major: 5, minor: 1 }),
    entry("block", "dev/b", { major: 8, minor: 0 }),
    entry("fifo", "dev/p"),
    link("dev/l", "../etc"),
    file("dev/x", { xattrs: [["security.capability", "AQID"]] }),
  ]));
  const { content, ...rest } = tree.get("dev/f") as FileEntry;
  assertEquals(rest, {
    type: "file",
    path: "dev/f",
    mode: 0o4755,
    uid: 3,
    gid: 4,
    mtime: 100,
    origin: "package:a",
  });
  const { kind, blob, offset, size, sha256 } = content as Content & { kind: "span" };
  assertEquals(
    { kind, blob, offset, size, sha256 },
    {
      kind: "span",
      blob: `sha256:${"61".repeat(32)}` as Digest,
      offset: 512,
      size: 7,
      sha256: SHA256,
    },
  );
  const { type, major, minor } = tree.get("dev/c") as {
    type: string;
    major: number;
    minor: number;
  };
  assertEquals([type, major, minor], ["char", 5, 1]);
  assertEquals(tree.get("dev/b")!.type, "block");
  assertEquals(tree.get("dev/p")!.type, "fifo");
  assertEquals(tree.get("dev/l")!.mtime, 5);
  assertEquals(
    [...tree.get("dev/x")!.xattrs!],
    [["security.capability", new Uint8Array([1, 2, 3])]],
  );
});

Deno.test("control files at the top and abuild's .keep_ marks are not installed", () => {
  const { tree } = install(
    pack("a", [file(".PKGINFO"), dir("var"), file("var/.keep_me"), file("var/.keep_")]),
  );
  assertEquals([...tree.walk()].map((e) => e.path), ["", "var", "var/.keep_"]);
});

Deno.test("two packages that claim a path are a conflict, even with the same content", () => {
  const error = refused(
    pack("a", [dir("bin"), file("bin/x"), file("bin/y")]),
    pack("b", [dir("bin"), file("bin/x"), file("bin/y")]),
  );
  assertEquals(error.code, "conflict");
  assertEquals(
    error.message,
    "Cannot install the packages: 2 paths are claimed twice\n" +
      '  "/bin/x" of b-1.0-r0 meets a-1.0-r0: neither replaces the other\n' +
      '  "/bin/y" of b-1.0-r0 meets a-1.0-r0: neither replaces the other',
  );
});

Deno.test("who gets a path follows replaces, versions, priorities and source packages", () => {
  const cases: [string, Partial<PackageInfo>, Partial<PackageInfo>, "a" | "b" | "conflict"][] = [
    ["the newcomer replaces", {}, { replaces: ["a"] }, "b"],
    ["the owner replaces", { replaces: ["b"] }, {}, "a"],
    ["both with equal priority: the newcomer", { replaces: ["b"] }, { replaces: ["a"] }, "b"],
    [
      "both, the owner's priority is higher",
      { replaces: ["b"], replacesPriority: 2 },
      { replaces: ["a"], replacesPriority: 1 },
      "a",
    ],
    [
      "both, the newcomer's priority is higher",
      { replaces: ["b"], replacesPriority: 1 },
      { replaces: ["a"], replacesPriority: 2 },
      "b",
    ],
    ["a version that matches", {}, { replaces: ["a<2"] }, "b"],
    ["a version that does not match", {}, { replaces: ["a>2"] }, "conflict"],
    ["another name", {}, { replaces: ["c"] }, "conflict"],
    ["a name that it only provides", { provides: ["c"] }, { replaces: ["c"] }, "conflict"],
    ["a priority without replaces", {}, { replacesPriority: 9 }, "conflict"],
    ["the same source package", { origin: "s" }, { origin: "s" }, "b"],
    ["another source package", { origin: "s" }, { origin: "t" }, "conflict"],
    // apk 2.14 looks at the source package before it looks at priorities.
    [
      "the same source package beats the owner's priority",
      { origin: "s", replaces: ["b"], replacesPriority: 9 },
      { origin: "s" },
      "b",
    ],
  ];
  for (const [title, a, b, winner] of cases) {
    const packages = [
      pack("a", [dir("bin"), file("bin/x")], a),
      pack("b", [dir("bin"), file("bin/x")], b),
    ];
    if (winner === "conflict") {
      assertEquals(refused(...packages).code, "conflict", title);
      continue;
    }
    const { tree, owners } = install(...packages);
    assertEquals(tree.get("bin/x")!.origin, `package:${winner}`, title);
    assertEquals(owners, winner === "a" ? [["bin/x"], []] : [[], ["bin/x"]], title);
  }
});

Deno.test("a loser keeps its directory records", () => {
  const { installation } = install(
    pack("a", [dir("bin"), file("bin/x")]),
    pack("b", [dir("bin"), file("bin/x")], { replaces: ["a"] }),
  );
  const text = formatInstalled(installation, { arch: "x86_64" });
  assertEquals(text.split("\n").filter((l) => /^[PFR]:/.test(l)), [
    "P:a",
    "F:bin",
    "P:b",
    "F:bin",
    "R:x",
  ]);
});

Deno.test("a shared directory has the lowest owner and the common bits of its modes", () => {
  const mode = (...modes: [number, number, number][]) => {
    const { tree } = install(
      ...modes.map(([uid, gid, mode], i) => pack("abc"[i]!, [dir("d", { uid, gid, mode })])),
    );
    const { uid, gid, mode: result } = tree.get("d")!;
    return [uid, gid, result];
  };
  assertEquals(mode([0, 0, 0o755], [0, 0, 0o700]), [0, 0, 0o700]);
  assertEquals(mode([0, 0, 0o750], [0, 0, 0o705]), [0, 0, 0o700]);
  assertEquals(mode([5, 5, 0o700], [0, 9, 0o755]), [0, 9, 0o755]);
  assertEquals(mode([0, 9, 0o700], [0, 5, 0o755]), [0, 5, 0o755]);
  assertEquals(mode([0, 5, 0o755], [5, 0, 0o700]), [0, 5, 0o755]);
});

Deno.test("a directory that was in the tree before stays as it is", () => {
  const tree = emptyTree();
  tree.put({
    type: "directory",
    path: "tmp",
    mode: 0o1777,
    uid: 0,
    gid: 0,
    mtime: 0,
    origin: "stage:base",
  });
  installPackages(tree, [pack("a", [dir("tmp", { mode: 0o755 })])], { epoch: 1 });
  assertEquals(tree.get("tmp")!.mode, 0o1777);
  assertEquals(tree.get("tmp")!.origin, "stage:base");
});

Deno.test("a package may unpack through a link to a directory, and stays inside the tree", () => {
  const { tree, installation } = install(
    pack("base", [dir("usr"), dir("usr/lib", { mode: 0o711 }), link("lib", "/../../usr/lib")]),
    pack("a", [dir("lib"), file("lib/x"), dir("lib/sub"), file("lib/sub/y")]),
  );
  assertEquals(tree.get("lib")!.type, "symlink");
  assertEquals(tree.get("usr/lib/x")!.origin, "package:a");
  assertEquals(tree.get("usr/lib/sub/y")!.type, "file");
  assertEquals(tree.get("usr/lib")!.mode, 0o711, "apk never changes what is behind the link");
  const text = formatInstalled(installation, { arch: "x86_64" });
  assertEquals(text.match(/^[FR]:.*/gm), [
    ...["F:lib", "R:x", "F:lib/sub", "R:y"],
    ...["F:usr", "F:usr/lib", "F:", "R:lib"],
  ]);
});

Deno.test("two spellings of one place are one path: a link cannot smuggle a file over another", () => {
  const error = refused(
    pack("base", [dir("etc"), file("etc/passwd")]),
    pack("evil", [link("x", "etc")]),
    pack("worse", [dir("x"), file("x/passwd")]),
  );
  assertEquals(error.code, "conflict");
  assertEquals(error.message.includes('"/x/passwd" of worse-1.0-r0 meets base-1.0-r0'), true);
});

Deno.test("a package cannot unpack through its own link", () => {
  const error = refused(pack("evil", [dir("etc"), link("x", "/etc"), dir("x"), file("x/y")]));
  assertEquals(error.code, "conflict");
});

Deno.test("files, directories and links that point nowhere do not take each other's place", () => {
  const cases: [PackageEntry[], PackageEntry[], string][] = [
    [[dir("a"), dir("a/b")], [dir("a"), file("a/b")], "a file cannot be where a directory is"],
    [[dir("a")], [link("a", "b")], "a file cannot be where a directory is"],
    [[file("a")], [dir("a"), file("a/b"), dir("a/c"), file("a/c/d")], "where a file is"],
    [[link("a", "nowhere")], [dir("a"), file("a/b")], "where a file is"],
    [[link("a", "a")], [dir("a"), file("a/b")], "where a file is"],
    [[file("f"), link("a", "f")], [dir("a"), file("a/b")], "where a file is"],
  ];
  for (const [first, second, cause] of cases) {
    const error = refused(pack("p", first), pack("q", second, { replaces: ["p"] }));
    assertEquals([error.code, error.message.includes(cause)], ["conflict", true], error.message);
    assertEquals(error.message.includes("\n"), false, "one line: what is below is no news");
  }
});

Deno.test("what a stage put there is not overwritten", () => {
  const tree = emptyTree();
  const base = { mode: 0o644, uid: 0, gid: 0, mtime: 0, origin: "stage:files" as const };
  tree.put({ ...base, type: "file", path: "x", content: inlineText("") });
  const error = assertThrows(
    () => installPackages(tree, [pack("a", [file("x")])], { epoch: 1 }),
    TowerError,
  );
  assertEquals(error.message.includes('"/x" of a-1.0-r0 meets stage:files'), true);
});

Deno.test("a hard link names a file of its own package", () => {
  const { tree, owners } = install(
    pack("a", [
      dir("bin"),
      file("bin/x", { sha1: "00".repeat(20) }),
      entry("hardlink", "bin/y", { target: "bin/x" }),
      entry("hardlink", "bin/z", { target: "bin/y" }),
    ]),
  );
  assertEquals((tree.get("bin/z") as { target: string }).target, "bin/x");
  assertEquals(owners, [["bin/x", "bin/y", "bin/z"]]);
  for (const target of ["bin/other", "etc/shadow", "../bin/x", "/bin/x", "bin", ""]) {
    const error = refused(
      pack("base", [dir("etc"), file("etc/shadow")]),
      pack("a", [dir("bin"), file("bin/x"), entry("hardlink", "bin/y", { target })]),
    );
    assertEquals(error.code, "malformed", target);
  }
});

Deno.test("hard links keep their content when the first name of the file is replaced", () => {
  const { tree } = install(
    pack("a", [
      dir("bin"),
      file("bin/x", { size: 3, offset: 9 }),
      entry("hardlink", "bin/y", { target: "bin/x" }),
      entry("hardlink", "bin/z", { target: "bin/x" }),
    ]),
    pack("b", [dir("bin"), file("bin/x")], { replaces: ["a"] }),
    pack("c", [dir("bin"), file("bin/z")], { replaces: ["a"] }),
  );
  assertEquals(tree.get("bin/x")!.origin, "package:b");
  const heir = tree.file("bin/y")!;
  assertEquals([heir.path, heir.origin], ["bin/y", "package:a"]);
  assertEquals(heir.content.kind === "span" && heir.content.offset, 9);
  assertEquals(tree.get("bin/z")!.origin, "package:c");
});

Deno.test("a package that contradicts itself is malformed", () => {
  assertEquals(refused(pack("a", [file("bin/x")])).code, "malformed");
  const sizeless = refused(pack("a", [file("x")], { installedSize: 0 }));
  assertEquals(sizeless.message.includes("an installed size of 0"), true);
  assertEquals(refused(pack("a", [file("x"), file("x")])).code, "conflict");
});

Deno.test("paths that are not canonical never reach the tree", () => {
  for (const path of ["../x", "/x", "a/../x", "x\n"]) {
    assertEquals(refused(pack("a", [dir("a"), file(path)])).code, "malformed", path);
  }
});
