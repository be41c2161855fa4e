import { assertEquals, assertThrows } from "@std/assert";
import { TowerError } from "../../lib/errors.ts";
import { loadManifest, manifestFor } from "./manifest.ts";
import { plannedStages, worldOf } from "./packages_stages.ts";
import { treesBegunWith } from "./trees.ts";

const BASE = `name: base
arches: [x86_64, aarch64]
stages:
  - { kind: packages, world: [busybox] }
trees:
  iso:
    from: boot
    stages: [{ kind: files, files: [{ path: /iso, contents: "" }] }]
  boot: { from: root }
outputs:
  - { kind: tar, file: iso.tar, tree: iso }
`;

/** Loads the manifest "m.yaml"; it may extend "base.yaml". */
function load(text: string) {
  const texts: Readonly<Record<string, string>> = { "m.yaml": text, "base.yaml": BASE };
  return loadManifest("m.yaml", {
    systemPath: () => undefined,
    systemNames: () => [],
    manifestNames: () => [],
    kindOf: () => undefined,
    readText: (path) => texts[path]!,
    beside: (_, path) => path,
    folderOf: (path) => `of ${path}`,
  });
}

function faults(text: string): string[] {
  const [title, ...lines] = assertThrows(() => load(text), TowerError).message.split("\n");
  assertEquals(title, `Cannot use "m.yaml": ${lines.length} fault${lines.length > 1 ? "s" : ""}`);
  return lines.map((line) => line.trim());
}

Deno.test("trees come after those that they are made of", () => {
  assertEquals(load(BASE).trees.map(({ name }) => name), ["root", "boot", "iso"]);
});

Deno.test("an extending manifest adds stages to trees by name, and may begin them with another", () => {
  const manifest = load(`name: own
extends: base.yaml
trees:
  root: { stages: [{ kind: packages, world: [chrony] }] }
  boot: { difference: { from: root, to: more } }
  more: { from: root, stages: [{ kind: services, runlevels: {} }] }
  iso: { stages: [{ kind: services, runlevels: {} }] }
`);
  const shown = manifest.trees.map(({ name, spec, stages }) => [
    name,
    spec,
    stages.map(({ spec, folder }) => `${spec.kind} ${folder}`),
  ]);
  assertEquals(shown, [
    ["root", {}, ["packages of base.yaml", "packages of m.yaml"]],
    ["more", { from: "root" }, ["services of m.yaml"]],
    ["boot", { difference: { from: "root", to: "more" } }, []],
    ["iso", { from: "boot" }, ["files of base.yaml", "services of m.yaml"]],
  ]);
  assertEquals(
    manifest.trees[2]!.placeOf(["difference", "to"]),
    "m.yaml:5:41: trees.boot.difference.to",
  );
  assertEquals(
    manifest.trees[3]!.stages.map(({ placeOf }) => placeOf([])),
    ["base.yaml:8:14: trees.iso.stages[0]", "m.yaml:7:19: trees.iso.stages[0]"],
  );
});

Deno.test("what is wrong with trees is told with its place, all at once", () => {
  assertEquals(
    faults(`name: own
extends: base.yaml
trees:
  iso: { from: bot }
  a: { difference: { from: b, to: root } }
  b: { from: a }
  me: { from: me }
outputs:
  - { kind: tar, file: a.tar, tree: ist }
  - { kind: tar, file: b.tar, tree: b }
`),
    [
      'm.yaml:9:37: outputs[0].tree: there is no tree "ist"; did you mean "iso"?',
      'm.yaml:5:28: trees.a.difference.from: a tree cannot be made of itself: "b" of "a" of "b"',
      'm.yaml:4:8: trees.iso: nothing is made of the tree "iso"',
      'm.yaml:4:16: trees.iso.from: there is no tree "bot"; did you mean "boot"?',
      'base.yaml:9:9: trees.boot: nothing is made of the tree "boot"',
      'm.yaml:7:7: trees.me: nothing is made of the tree "me"',
      'm.yaml:7:15: trees.me.from: a tree cannot be made of itself: "me" of "me"',
    ],
  );
  const unused = BASE.replace(/trees:[^]*outputs/, "outputs").replace("tree: iso", "tree: root");
  assertEquals(faults(unused.replace("tree: root", "tree: iso")), [
    'm.yaml:6:39: outputs[0].tree: there is no tree "iso"',
    'm.yaml:4:3: stages: nothing is made of the tree "root"',
  ]);
  assertEquals(load(unused).trees.map(({ name }) => name), ["root"]);
});

Deno.test("a disk is made of the trees that its partitions name", () => {
  const disk = (tree: string) =>
    `name: own
extends: base.yaml
outputs:
  - kind: disk
    file: a.img
    table: gpt
    partitions:
      - { name: a, type: linux, content: { kind: ext4, tree: root, folder: / }, free: 1MiB }
      - { name: b, type: linux, content: { kind: fat, tree: ${tree}, folder: / }, free: 1MiB }
`;
  assertEquals(load(disk("iso")).trees.map(({ name }) => name), ["root", "boot", "iso"]);
  assertEquals(faults(disk("ios")).slice(0, 1), [
    'm.yaml:9:61: outputs[0].partitions[1].content.tree: there is no tree "ios"; did you mean "iso"?',
  ]);
});

Deno.test("packages stand in trees that begin with nothing", () => {
  const text = BASE.replace(
    'stages: [{ kind: files, files: [{ path: /iso, contents: "" }] }]',
    "stages: []",
  );
  assertEquals(faults(text.replace("stages: []", "stages: [{ kind: packages, world: [a] }]")), [
    "m.yaml:8:14: trees.iso.stages[0]: packages go into an empty tree, and this one begins with something",
  ]);
  const apart = text.replace("from: boot", "").replace("  boot: { from: root }\n", "")
    .replace("stages: []", "stages: [{ kind: packages, world: [a] }]") +
    "  - { kind: tar, file: root.tar }\n";
  assertEquals(
    load(apart).trees.map((tree) => [tree.name, ...worldOf(tree)]),
    [["iso", "a"], ["root", "busybox"]],
  );
});

Deno.test("a tree that begins from a source has it as its first stage", () => {
  const text = `name: own
arches: [x86_64]
sources: { base: { kind: archive, file: base.tar, format: tar, sha256: "${"0".repeat(64)}" } }
trees:
  root:
    from: { source: base, folder: rootfs, owner: archive, setuid: true }
    stages: [{ kind: files, remove: [/a] }]
  more: { from: root }
outputs:
  - { kind: tar, file: more.tar, tree: more }
`;
  const manifest = load(text);
  const [root, more] = manifest.trees;
  assertEquals([treesBegunWith(root!), treesBegunWith(more!)], [{}, { from: "root" }]);
  const stages = plannedStages(root!).map(({ spec, stage }) => [spec, stage?.placeOf(["folder"])]);
  assertEquals(stages[0], [
    {
      ...{ kind: "unpack", source: "base", folder: "rootfs", owner: "archive" },
      ...{ setuid: true, devices: false, attributes: false, replace: false },
    },
    "m.yaml:6:35: trees.root.from.folder",
  ]);
  assertEquals(stages.length, 2);
  assertEquals([...manifest.sources.keys()], ["base"]);
  const fails = (change: (text: string) => string) =>
    assertThrows(() => load(change(text)), TowerError).message.split("\n").slice(1)
      .map((line) => line.trim());
  assertEquals(fails((text) => text.replace("source: base", "source: bass")), [
    'm.yaml:6:21: trees.root.from.source: there is no source "bass"; did you mean "base"?',
    'm.yaml:3:18: sources.base: no stage takes the source "base"',
  ]);
  assertEquals(
    fails((text) =>
      text.replace("{ kind: files, remove: [/a] }", "{ kind: packages, world: [a] }")
    ),
    [
      "m.yaml:7:14: trees.root.stages[0]: packages go into an empty tree, and this one begins with something",
    ],
  );
  assertEquals(fails((text) => text.replace("folder: rootfs", "folders: rootfs")), [
    'm.yaml:6:27: trees.root.from.folders: is not a known field; did you mean "folder"?',
  ]);
  assertEquals(fails((text) => text.replace("from: root", "from: 5")), [
    'm.yaml:8:17: trees.more.from: must be text, not a number: write "5" in quotes',
  ]);
  assertEquals(fails((text) => text.replace("from: root", "from: Root")), [
    "m.yaml:8:17: trees.more.from: must be the name of a tree: a-z, 0-9 and -, starting with a letter, at most 31",
  ]);
});

Deno.test("a tree says one thing in one place", () => {
  const { message } = assertThrows(
    () =>
      load(`${BASE}  - { kind: tar, file: b.tar }
`.replace(
        "iso:\n    from: boot",
        "root:\n    difference: { from: root, to: boot }\n    from: boot",
      )),
    TowerError,
  );
  assertEquals(message.split("\n").slice(1).map((line) => line.trim()), [
    'm.yaml:7:5: trees.root: "stages" means this tree already: say all of it in one of the two',
    'm.yaml:7:17: trees.root.difference: cannot stand beside "from": a tree begins from one thing',
  ]);
  assertThrows(() => load(BASE.replace("iso:", "Iso:")), TowerError, "must be the name of a tree");
});

Deno.test("an architecture has the trees that its outputs are made of", () => {
  const manifest = load(`name: own
extends: base.yaml
outputs:
  - { kind: tar, file: a.tar, tree: iso, arches: [x86_64] }
  - { kind: tar, file: a.tar, arches: [aarch64] }
`);
  const names = (arch: "x86_64" | "aarch64") =>
    manifestFor(manifest, arch).trees.map(({ name }) => name);
  assertEquals(names("x86_64"), ["root", "boot", "iso"]);
  assertEquals(names("aarch64"), ["root"]);
});
