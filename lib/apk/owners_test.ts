import { assertEquals } from "@std/assert";
import { unpackedPackage } from "../../tests/support/apk/unpacked_package.ts";
import { TowerError } from "../errors.ts";
import { inlineText } from "../tree/content.ts";
import type { ContentReader } from "../tree/entry.ts";
import { FileTree } from "../tree/file_tree.ts";
import { installPackages } from "./install.ts";
import { formatInstalled } from "./installed_db.ts";
import { resolveOwners } from "./owners.ts";
import type { PackageEntry } from "./package_entry.ts";
import type { UnpackedPackage } from "./types.ts";

const BASE = { uid: 0, gid: 0, mtime: 0, origin: "stage:base" as const };
const NO_BLOBS: ContentReader = {
  open(blob) {
    throw new TowerError("not-found", `Cannot open "${blob}"`);
  },
};

function pack(name: string, entries: PackageEntry[]): UnpackedPackage {
  return unpackedPackage(name, { entries });
}

function entry(type: PackageEntry["type"], path: string, more: Partial<PackageEntry> = {}) {
  return { type, path, mode: 0o755, uid: 0, gid: 0, mtime: 0, size: 0, offset: 0, ...more };
}

function installed(...packages: UnpackedPackage[]) {
  const tree = new FileTree({ ...BASE, mode: 0o755 });
  const put = (path: string, text: string) => {
    tree.putParents(path, BASE.origin, 0);
    tree.put({ ...BASE, type: "file", path, mode: 0o644, content: inlineText(text) });
  };
  put("etc/passwd", "web:x:100:101:::\n");
  put("etc/group", "web:x:101:\n");
  return { tree, installation: installPackages(tree, packages, { epoch: 0 }) };
}

const WEB = { uid: 555, gid: 556, user: "web", group: "web" };
const ids = (tree: FileTree, path: string) => [tree.get(path)!.uid, tree.get(path)!.gid];

Deno.test("names beat the builder's numbers in tree and database, where the tree knows them", () => {
  const { tree, installation } = installed(pack("a", [
    entry("directory", "srv", { ...WEB, mode: 0o2750 }),
    entry("file", "srv/f", { ...WEB, mode: 0o4711 }),
    entry("hardlink", "srv/h", { ...WEB, target: "srv/f" }),
    entry("file", "srv/u", { ...WEB, user: "other" }),
  ]));
  const resolved = resolveOwners(tree, installation, NO_BLOBS);
  assertEquals(ids(tree, "srv"), [100, 101]);
  assertEquals([...ids(tree, "srv/f"), tree.get("srv/f")!.mode], [100, 101, 0o4711]);
  assertEquals(ids(tree, "srv/u"), [555, 101]);
  assertEquals(formatInstalled(resolved, { arch: "x86_64" }).match(/^[Ma]:.*/gm), [
    "M:100:101:2750",
    "a:100:101:4711",
    "a:100:101:755",
    "a:555:101:755",
  ]);
});

Deno.test("a shared directory is shared anew with the ids that count", () => {
  const { tree, installation } = installed(
    pack("a", [entry("directory", "d", { uid: 50, gid: 50, mode: 0o700, user: "web" })]),
    pack("b", [entry("directory", "d", { uid: 60, gid: 60, mode: 0o755 })]),
  );
  assertEquals([...ids(tree, "d"), tree.get("d")!.mode], [50, 50, 0o700]);
  resolveOwners(tree, installation, NO_BLOBS);
  assertEquals([...ids(tree, "d"), tree.get("d")!.mode], [60, 60, 0o755]);
});

Deno.test("what a script gave away, and what was there before, stays as it is", () => {
  const { tree, installation } = installed(
    pack("a", [entry("directory", "etc", WEB), entry("file", "f", WEB)]),
  );
  tree.put({ ...tree.get("f")!, uid: 7 });
  resolveOwners(tree, installation, NO_BLOBS);
  assertEquals(ids(tree, "f"), [7, 556]);
  assertEquals(ids(tree, "etc"), [0, 0]);
});
