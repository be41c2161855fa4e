import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { stageContext, treeWithServices } from "../../tests/support/tree/stage_context.ts";
import { TowerError } from "../../lib/errors.ts";
import { smallTree } from "../../tests/support/tree/small_tree.ts";
import { files, type FilesPlan } from "./files.ts";

const context = stageContext(5);

Deno.test("files() lays overlay, own files and removals in this order", () => {
  const made = treeWithServices("old");
  const digest = `sha256:${"0".repeat(64)}` as never;
  files.apply(made, {
    kind: "files",
    overlay: [
      { path: "etc/motd", digest, size: 3, executable: false },
      { path: "usr/bin/x", digest, size: 3, executable: true },
    ],
    files: [
      { path: "etc/motd", contents: "own", mode: 0o600, uid: 1, gid: 2 },
      { path: "etc/link", symlink: "motd" },
      { path: "srv", directory: true, mode: 0o700, uid: 0, gid: 0 },
    ],
    remove: ["etc/init.d"],
  }, context);
  const motd = made.get("etc/motd");
  assertEquals([motd?.mode, motd?.uid, motd?.gid, motd?.mtime], [0o600, 1, 2, 5]);
  assertEquals(made.get("usr/bin/x")?.mode, 0o755);
  assertEquals(made.get("etc/link")?.type, "symlink");
  assertEquals(made.get("srv")?.mode, 0o700);
  assertEquals(made.get("etc/init.d/old"), undefined);
});

Deno.test("files() refuses to remove what is not there, and names all of it", () => {
  const plan = {
    kind: "files" as const,
    overlay: [],
    files: [],
    remove: ["etc/a", "etc/init.d", "b"],
  };
  const error = assertThrows(() => files.apply(treeWithServices("x"), plan, context), TowerError);
  assertEquals(error.code, "not-found");
  assertStringIncludes(error.message, '"/etc/a", "/b"');
});

function filesStagePlan(...list: object[]): FilesPlan {
  const spec = files.spec.parse({ kind: "files", files: list });
  return { kind: "files", overlay: [], files: spec.files, remove: [] };
}

const linked = () =>
  smallTree({
    "usr/lib/x": "x",
    "lib": { link: "usr/lib" },
    "var/run": { link: "/run" },
    "etc/name": { link: "hostname" },
    "etc/hostname": "a",
    "srv": null,
    "lost": { link: "nowhere" },
  });

Deno.test("files() follows the links that lead to a path, and removes behind them", () => {
  const tree = linked();
  files.apply(tree, {
    ...filesStagePlan(
      { path: "/lib/y", contents: "y" },
      { path: "/var/run/a/b", contents: "b" },
      { path: "/etc/name", contents: "instead of the link" },
      { path: "/lib", directory: true, mode: "0700" },
      { path: "/lost", symlink: "found" },
    ),
    remove: ["lib/x"],
  }, context);
  assertEquals(tree.get("lib")?.type, "symlink");
  assertEquals(tree.get("usr/lib")?.mode, 0o700);
  assertEquals(["usr/lib/y", "run/a/b", "etc/name"].map((p) => tree.get(p)?.type), [
    "file",
    "file",
    "file",
  ]);
  assertEquals(tree.get("usr/lib/x"), undefined);
});

Deno.test("files() takes no directory away, and makes none of something else", () => {
  const refused = (entry: object, message: string) => {
    const error = assertThrows(
      () => files.apply(linked(), filesStagePlan(entry), context),
      TowerError,
    );
    assertEquals([error.code, error.message], ["conflict", message]);
  };
  refused({ path: "/srv", contents: "" }, 'Cannot put the file "/srv": a directory is there');
  refused({ path: "/srv", symlink: "x" }, 'Cannot put the symlink "/srv": a directory is there');
  refused(
    { path: "/lib", contents: "" },
    'Cannot put the file "/lib": a link to "usr/lib" is there',
  );
  refused(
    { path: "/etc/hostname", directory: true },
    'Cannot put the directory "/etc/hostname": a file is there',
  );
  refused(
    { path: "/lost", directory: true },
    'Cannot put the directory "/lost": a link to "nowhere" is there',
  );
  refused(
    { path: "/etc/name/x", contents: "" },
    'Cannot put "/etc/name/x" into the tree: "/etc/name" is a link to "hostname", and ' +
      '"/etc/hostname" is no directory',
  );
});

Deno.test("a files stage that names a path twice is a fault", () => {
  const file = { path: "/a", contents: "" };
  const again = files.spec.safeParse({
    kind: "files",
    files: [file, { path: "/b", symlink: "a" }, file],
  }).error?.issues[0];
  assertEquals([again?.path, again?.message], [["files", 2, "path"], '"/a" is there twice']);
});

Deno.test("files() takes a file away from its own name alone: hard links of a package keep it", () => {
  const make = () => {
    const made = treeWithServices("old");
    const owned = { uid: 0, gid: 0, mtime: 5, origin: "stage:base" } as const;
    const { path: target } = made.file("etc/init.d/old")!;
    made.put({ ...owned, type: "hardlink", path: "etc/motd.too", mode: 0o644, target });
    return { made, before: made.file("etc/init.d/old")! };
  };
  const replaced = make();
  const own = { path: "etc/init.d/old", contents: "own", mode: 0o644, uid: 0, gid: 0 };
  files.apply(replaced.made, { kind: "files", overlay: [], files: [own], remove: [] }, context);
  assertEquals(replaced.made.get("etc/motd.too"), { ...replaced.before, path: "etc/motd.too" });
  const removed = make();
  files.apply(
    removed.made,
    { kind: "files", overlay: [], files: [], remove: ["etc/init.d/old"] },
    context,
  );
  assertEquals(removed.made.get("etc/motd.too"), { ...removed.before, path: "etc/motd.too" });
  assertEquals(removed.made.get("etc/init.d/old"), undefined);
});
