import { assertEquals, assertRejects } from "@std/assert";
import { smallTree } from "../../tests/support/tree/small_tree.ts";
import { ALONE, stageContext } from "../../tests/support/tree/stage_context.ts";
import type { ArchiveEntry, SourceContent } from "../../lib/archive/entry.ts";
import type { Digest } from "../../lib/brand.ts";
import { TowerError } from "../../lib/errors.ts";
import type { FileTree } from "../../lib/tree/file_tree.ts";
import { unpack, type UnpackPlan } from "./unpack.ts";

const digest = `sha256:${"1".repeat(64)}` as Digest;
const content = { offset: 7, size: 3, sha256: "2".repeat(64) };
const entry = (type: ArchiveEntry["type"], path: string, rest: Partial<ArchiveEntry> = {}) => ({
  ...{ type, path, mode: type === "directory" ? 0o750 : 0o640, uid: 5, gid: 6 },
  ...(type === "file" ? { content } : {}),
  ...rest,
});
const ARCHIVE = [
  entry("hardlink", "a/z", { target: "a/file" }),
  entry("file", "a/file"),
  entry("symlink", "a/link", { target: "/etc/passwd" }),
  entry("directory", "a"),
  entry("file", "other"),
];

const entriesOf = (...entries: ArchiveEntry[]): SourceContent => ({
  ...{ type: "entries", entries },
  data: { digest, size: 99 },
});
const FILE: SourceContent = { type: "file", file: { digest, size: 4 } };

/** A plan as a manifest's fields give it. */
function planOf(fields: object): UnpackPlan {
  const spec = unpack.spec.parse({ kind: "unpack", source: "s", ...fields });
  const source = { kind: "archive", digest, format: "tar" };
  const chosen = { world: [], repositories: [], keys: [], tags: {} };
  const sources = new Map([["s", source]]);
  return unpack.plan(spec, { ...ALONE, overlay: [], earlier: [], chosen, sources });
}

async function run(
  tree: FileTree,
  content: SourceContent,
  fields: object = {},
): Promise<FileTree> {
  const sources = new Map([["s", content]]);
  await unpack.apply(tree, planOf(fields), { ...stageContext(5), sources });
  return tree;
}

const shown = (tree: FileTree) =>
  [...tree.walk()].filter(({ origin }) => origin === "source:s").map((e) =>
    [e.type, e.path, e.mode.toString(8), e.uid, e.mtime, "target" in e ? e.target : ""].join(" ")
  );

Deno.test("a plan has its source by digest, and nothing is left to choose", () => {
  assertEquals(planOf({ path: "/opt" }), {
    ...{ kind: "unpack", path: "opt", owner: "root" },
    source: { name: "s", kind: "archive", digest, format: "tar" },
    ...{ setuid: false, devices: false, attributes: false, replace: false },
  });
  assertEquals(unpack.line(planOf({ path: "/opt" })), "s (tar) at /opt");
});

Deno.test("entries go below the path, parents first, root's, with the build's time", async () => {
  assertEquals(shown(await run(smallTree({}), entriesOf(...ARCHIVE), { path: "/opt/x" })), [
    "directory opt 755 0 5 ",
    "directory opt/x 755 0 5 ",
    "directory opt/x/a 750 0 5 ",
    "file opt/x/a/file 640 0 5 ",
    "symlink opt/x/a/link 777 0 5 /etc/passwd".replace("777", "640"),
    "hardlink opt/x/a/z 640 0 5 opt/x/a/file",
    "file opt/x/other 640 0 5 ",
  ]);
  const tree = await run(smallTree({}), entriesOf(...ARCHIVE), { folder: "a", owner: "archive" });
  assertEquals(shown(tree), [
    "file file 640 5 5 ",
    "symlink link 640 5 5 /etc/passwd",
    "hardlink z 640 5 5 file",
  ]);
  assertEquals(tree.file("file")?.content, { kind: "span", blob: digest, ...content });
});

async function refused(
  tree: FileTree,
  content: SourceContent,
  fields: object = {},
): Promise<string> {
  const before = [...tree.walk()];
  const error = await assertRejects(() => run(tree, content, fields), TowerError);
  if (error.code === "unsupported" || error.code === "usage") {
    assertEquals([...tree.walk()], before);
  }
  return `${error.code} ${error.at?.join(".")}: ${error.message}`;
}

Deno.test("what is there stays: folders as they are, files unless they are to be replaced", async () => {
  const there = () => smallTree({ "opt/a/file": "old", "opt/a/z": null });
  const one = entriesOf(entry("directory", "a"), entry("file", "a/file"));
  assertEquals(
    await refused(there(), one, { path: "/opt" }),
    'conflict path: Cannot unpack the file "/opt/a/file": a file from stage:test is there',
  );
  const tree = await run(there(), one, { path: "/opt", replace: true });
  assertEquals(tree.get("opt/a")?.mode, 0o755);
  assertEquals(shown(tree), ["file opt/a/file 640 0 5 "]);
  const z = entriesOf(entry("file", "a/z"));
  assertEquals(
    await refused(there(), z, { path: "/opt", replace: true }),
    'conflict path: Cannot unpack the file "/opt/a/z": a directory from stage:test is there',
  );
  const folder = entriesOf(entry("directory", "a/file"));
  assertEquals(
    await refused(there(), folder, { path: "/opt", replace: true }),
    'conflict path: Cannot unpack the directory "/opt/a/file": a file from stage:test is there',
  );
});

Deno.test("links of the tree are followed below the path and not out of it", async () => {
  const tree = () =>
    smallTree({
      "usr/lib/x": "",
      lib: { link: "usr/lib" },
      "opt/in": { link: "real" },
      "opt/real/y": "",
      "opt/out": { link: "/etc" },
    });
  assertEquals(
    shown(await run(tree(), entriesOf(entry("directory", "lib"), entry("file", "lib/new")))),
    ["file usr/lib/new 640 0 5 "],
  );
  assertEquals(
    shown(await run(tree(), entriesOf(entry("file", "in/new")), { path: "/opt" })),
    ["file opt/real/new 640 0 5 "],
  );
  assertEquals(
    await refused(tree(), entriesOf(entry("file", "out/passwd")), { path: "/opt" }),
    'conflict path: Cannot unpack "out/passwd": a link of the tree leads to "/etc/passwd", out of "/opt"',
  );
  assertEquals(
    shown(await run(tree(), entriesOf(entry("file", "new")), { path: "/lib" })),
    ["file usr/lib/new 640 0 5 "],
  );
});

Deno.test("rights and devices are taken only where they are asked for", async () => {
  const capability = [["security.capability", "AQ=="]] as const;
  const cases = [
    [entry("file", "a", { mode: 0o4755 }), "setuid"],
    [entry("file", "a", { mode: 0o2755 }), "setuid"],
    [entry("directory", "a", { mode: 0o2755 }), "setuid"],
    [entry("file", "a", { xattrs: capability }), "setuid"],
    [entry("char", "a", { device: [1, 3] }), "devices"],
    [entry("block", "a", { device: [8, 0] }), "devices"],
    [entry("fifo", "a"), "devices"],
    ...["trusted.overlay.opaque", "system.posix_acl_access", "security.selinux"].map((name) =>
      [entry("file", "a", { xattrs: [[name, "AQ=="]] }), "attributes"] as const
    ),
  ] as const;
  for (const [item, field] of cases) {
    const message = await refused(smallTree({}), entriesOf(entry("file", "b"), item));
    assertEquals(message.split(":")[0], "unsupported source", message);
    const { device, mode, type, xattrs } = item as ArchiveEntry;
    const made = (await run(smallTree({}), entriesOf(item), { [field]: true })).get("a")!;
    assertEquals([made.type, made.mode, made.xattrs?.size], [type, mode, xattrs?.length]);
    if (made.type === "char") assertEquals([made.major, made.minor], device);
  }
});

Deno.test("a file goes to its path, and fields of the other kind of source are refused", async () => {
  const tree = await run(smallTree({ "boot/old": "" }), FILE, { path: "/boot/new", mode: "0600" });
  assertEquals(shown(tree), ["file boot/new 600 0 5 "]);
  const blob = { kind: "span", blob: digest, offset: 0, size: 4, sha256: "1".repeat(64) } as const;
  assertEquals(tree.file("boot/new")?.content, blob);
  const at = { path: "/boot/old" };
  const why = (message: string) => message.split(":")[0];
  assertEquals(why(await refused(smallTree({ "boot/old": "" }), FILE, at)), "conflict path");
  assertEquals(
    shown(await run(smallTree({ "boot/old": "" }), FILE, { ...at, replace: true })).length,
    1,
  );
  assertEquals(why(await refused(smallTree({}), FILE)), "usage source");
  for (
    const [field, value] of Object.entries({
      folder: "a",
      owner: "archive",
      setuid: true,
      devices: true,
      attributes: true,
    })
  ) {
    assertEquals(
      why(await refused(smallTree({}), FILE, { ...at, [field]: value })),
      `usage ${field}`,
    );
  }
  assertEquals(
    why(await refused(smallTree({}), entriesOf(...ARCHIVE), { mode: "0600" })),
    "usage mode",
  );
  assertEquals(
    why(await refused(smallTree({}), entriesOf(...ARCHIVE), { folder: "b" })),
    "not-found folder",
  );
  assertEquals(why(await refused(smallTree({}), entriesOf())), "not-found source");
  const link = entriesOf(entry("file", "x"), entry("hardlink", "a/y", { target: "x" }));
  assertEquals(
    await refused(smallTree({}), link, { folder: "a" }),
    'conflict path: Cannot unpack "a/y": "x", of which it is a second name, is not in the folder',
  );
});
