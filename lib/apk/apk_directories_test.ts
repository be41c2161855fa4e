import { assertEquals } from "@std/assert";
import { unpackedPackage } from "../../tests/support/apk/unpacked_package.ts";
import { FileTree } from "../tree/file_tree.ts";
import { putApkDirectories } from "./apk_directories.ts";
import type { PackageEntry } from "./package_entry.ts";
import type { ScriptKind, UnpackedPackage } from "./types.ts";

const BASE = { uid: 0, gid: 0, mtime: 0, origin: "package:base" as const };
const empty = () => new FileTree({ ...BASE, mode: 0o755 });

/** Path and mode of every directory that is there. */
function modes(tree: FileTree): Record<string, string> {
  const found = [...tree.walk()].filter((e) => e.path !== "" && e.type === "directory");
  return Object.fromEntries(found.map((e) => [e.path, e.mode.toString(8)]));
}

function folder(path: string): PackageEntry {
  return { type: "directory", path, mode: 0o755, uid: 0, gid: 0, mtime: 0, size: 0, offset: 0 };
}

function pack(kinds: readonly ScriptKind[], ...paths: string[]): UnpackedPackage {
  const scripts = kinds.map((kind) => ({ kind, base64: "" }));
  return unpackedPackage("a", { scripts, entries: paths.map(folder), info: { triggers: ["/x"] } });
}

Deno.test("an empty tree gets what apk makes before any package", () => {
  const tree = empty();
  putApkDirectories(tree, [], 7);
  assertEquals(modes(tree), {
    "dev": "755",
    "etc": "755",
    "etc/apk": "755",
    "lib": "755",
    "lib/apk": "755",
    "lib/apk/db": "755",
    "proc": "555",
    "tmp": "1777",
    "var": "755",
    "var/cache": "755",
    "var/cache/apk": "755",
    "var/cache/misc": "755",
  });
  assertEquals(tree.get("proc")?.mtime, 7);
});

Deno.test("a package's directory keeps its origin and gets apk's mode, links and files stay", () => {
  const tree = empty();
  tree.put({ ...BASE, type: "directory", path: "proc", mode: 0o700, gid: 5 });
  tree.put({ ...BASE, type: "directory", path: "usr", mode: 0o755 });
  tree.put({ ...BASE, type: "directory", path: "usr/lib", mode: 0o711 });
  tree.put({ ...BASE, type: "symlink", path: "lib", mode: 0o777, target: "usr/lib" });
  tree.put({ ...BASE, type: "symlink", path: "var", mode: 0o777, target: "nowhere" });
  putApkDirectories(tree, [pack(["post-install"])], 7);
  assertEquals(tree.get("proc"), { ...BASE, type: "directory", path: "proc", mode: 0o555 });
  assertEquals(modes(tree)["usr/lib"], "711");
  assertEquals(modes(tree)["usr/lib/apk/exec"], "700");
  assertEquals([tree.get("lib")?.type, tree.get("var")?.type], ["symlink", "symlink"]);
});

const EXEC = ["lib", "lib/apk", "lib/apk/exec"];
const CASES: readonly [string, string | undefined, readonly UnpackedPackage[]][] = [
  ["no script runs", undefined, [pack([]), pack(["pre-upgrade"])]],
  ["a script runs first", "700", [pack(["post-install"]), pack([], ...EXEC)]],
  ["a package brings it first", undefined, [pack([], ...EXEC), pack(["post-install"])]],
  ["the same package has a script before", "700", [pack(["pre-install"], ...EXEC)]],
  ["the same package has a script after", undefined, [pack(["post-install"], ...EXEC)]],
  ["only a trigger runs", "700", [pack(["trigger"]), pack([], "x")]],
  ["a trigger does not match", undefined, [pack(["trigger"]), pack([], "y")]],
];
for (const [what, mode, packages] of CASES) {
  Deno.test(`whose lib/apk/exec is, where ${what}`, () => {
    const tree = empty();
    putApkDirectories(tree, packages, 7);
    assertEquals(modes(tree)["lib/apk/exec"], mode);
  });
}
