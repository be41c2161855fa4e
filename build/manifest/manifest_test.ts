import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { TowerError } from "../../lib/errors.ts";
import {
  chooseArch,
  loadManifest,
  manifestFor,
  type ManifestSource,
  stagesOf,
} from "./manifest.ts";
import { worldOf } from "./packages_stages.ts";

const BASE = `name: base
arches: [x86_64, aarch64]
repositories: [lab]
stages:
  - kind: packages
    world: [busybox, openrc]
outputs:
  - { kind: tar, file: base.tar }
`;

/** Manifests by path; those in /systems are the program's. */
function sourceOf(files: Record<string, string>): ManifestSource {
  return {
    systemNames: () => ["base"],
    manifestNames: () => [],
    kindOf: () => undefined,
    systemPath: (name) => name === "base" ? "/systems/base.yaml" : undefined,
    readText(path) {
      const text = files[path];
      if (text === undefined) throw new TowerError("not-found", `Cannot read "${path}"`);
      return text;
    },
    beside: (from, path) => `${from.slice(0, from.lastIndexOf("/"))}/${path}`,
    folderOf: (path) => path.slice(0, path.lastIndexOf("/")),
  };
}

function load(reference: string, files: Record<string, string> = {}) {
  return loadManifest(reference, sourceOf({ "/systems/base.yaml": BASE, ...files }));
}

Deno.test("loadManifest() appends stages to the base's and replaces the rest", () => {
  const manifest = load("/my/own.yaml", {
    "/my/own.yaml": `name: own
extends: base
arches: [aarch64]
stages:
  - { kind: packages, world: [busybox, chrony] }
  - { kind: files, overlay: extra }
`,
  });
  assertEquals(manifest.name, "own");
  assertEquals(manifest.arches, ["aarch64"]);
  assertEquals(manifest.repositories.map(({ spec }) => spec), ["lab"]);
  assertEquals(manifest.outputs.map(({ spec }) => spec.file), ["base.tar"]);
  assertEquals(worldOf(manifest.trees[0]!), ["busybox", "openrc", "chrony"]);
  assertEquals(stagesOf(manifest).map((s) => s.folder), ["/systems", "/my", "/my"]);
});

Deno.test("loadManifest() follows a file beside the one that extends it, and no circle", () => {
  const files = {
    "/a/x.yaml": "name: x\nextends: y.yaml\n",
    "/a/y.yaml": "name: y\nextends: base\n",
    "/a/loop.yaml": "name: loop\nextends: loop.yaml\n",
  };
  assertEquals(load("/a/x.yaml", files).name, "x");
  const error = assertThrows(() => load("/a/loop.yaml", files), TowerError);
  assertEquals(
    error.message,
    'Cannot use "/a/loop.yaml": 1 fault\n  /a/loop.yaml:2:10: extends: it extends itself',
  );
});

Deno.test("loadManifest() names the systems there are", () => {
  const unknown = assertThrows(() => load("nothing"), TowerError);
  assertStringIncludes(unknown.hint ?? "", "the systems are base");
});

Deno.test("loadManifest() refuses two outputs of one name", () => {
  const text = BASE + "  - { kind: cpio, file: base.tar }\n";
  assertThrows(
    () => load("/a.yaml", { "/a.yaml": text }),
    TowerError,
    'two outputs are named "base.tar"',
  );
});

Deno.test("a manifest's faults all come with file, line and field", () => {
  const text = `name: Bad
arches: [x86_64, sparc]
stages:
  - kind: packages
    world: [a]
    scripts: [{ package: a, script: post-install, do: run, reason: "" }]
  - kind: accounts
    users: [{ name: root, password: secret }]
  - kind: nothing
outputs:
  - kind: disk
    file: ../x.img
    boot: { free: 1MiB, size: 2MiB }
`;
  const { message } = assertThrows(() => load("/a.yaml", { "/a.yaml": text }), TowerError);
  for (
    const part of [
      "/a.yaml:1:7: name:",
      "/a.yaml:2:18: arches[1]:",
      "/a.yaml:6:55: stages[0].scripts[0].do:",
      "/a.yaml:8:37: stages[1].users[0].password:",
      "/a.yaml:9:11: stages[2].kind:",
      "/a.yaml:12:11: outputs[0].file:",
      "outputs[0].boot:",
      "outputs[0].table:",
    ]
  ) assertStringIncludes(message, part);
});

Deno.test("chooseArch() takes the manifest's first, and refuses what it does not know", () => {
  const manifest = load("base");
  assertEquals(chooseArch(manifest, undefined), "x86_64");
  assertEquals(chooseArch(manifest, "aarch64"), "aarch64");
  assertEquals(assertThrows(() => chooseArch(manifest, "armv7"), TowerError).code, "usage");
  assertThrows(() => chooseArch(manifest, "vax"), TowerError, '"vax"');
});

const BY_ARCH = `name: own
extends: base
stages:
  - { kind: packages, world: [syslinux], arches: [x86_64] }
outputs:
  - { kind: tar, file: own.tar, arches: [x86_64] }
  - { kind: cpio, file: own.tar, arches: [aarch64] }
`;

Deno.test("manifestFor() keeps what is for an architecture, and forgets that it was for it", () => {
  const manifest = load("/a.yaml", { "/a.yaml": BY_ARCH });
  const [pc, arm] = [manifestFor(manifest, "x86_64"), manifestFor(manifest, "aarch64")];
  assertEquals(worldOf(pc.trees[0]!), ["busybox", "openrc", "syslinux"]);
  assertEquals(worldOf(arm.trees[0]!), ["busybox", "openrc"]);
  assertEquals(pc.outputs.map(({ spec }) => spec), [
    { kind: "tar", file: "own.tar", compression: "none", tree: "root" },
  ]);
  assertEquals(arm.outputs.map(({ spec }) => spec.kind), ["cpio"]);
  assertEquals(
    [pc, arm].flatMap(stagesOf).filter((s) => "arches" in s.spec),
    [],
  );
});

Deno.test("an architecture that has no output, and one that the manifest does not have, are faults", () => {
  const lacking = BY_ARCH.replace(
    "  - { kind: cpio, file: own.tar, arches: [aarch64] }\n",
    "",
  );
  const error = assertThrows(() => load("/a.yaml", { "/a.yaml": lacking }), TowerError);
  assertStringIncludes(error.message, 'no output is for "aarch64"');
  const other = BASE.replace("world: [busybox, openrc]", "world: [busybox]\n    arches: [armv7]");
  const stray = assertThrows(() => load("/a.yaml", { "/a.yaml": other }), TowerError);
  assertStringIncludes(stray.message, "/a.yaml:7:14: stages[0].arches[0]:");
  assertStringIncludes(stray.message, "none of the manifest's arches");
});

Deno.test("the Raspberry Pi's loader wants a partition table that its first stage knows", () => {
  const text = BASE.replace(
    "{ kind: tar, file: base.tar }",
    "{ kind: disk, file: a.img, table: gpt, boot: { free: 1MiB }, root: { free: 1MiB }, " +
      "loaders: [raspberrypi], flavour: rpi, initramfs: /boot/i }",
  );
  const { message } = assertThrows(() => load("/a.yaml", { "/a.yaml": text }), TowerError);
  assertStringIncludes(message, "outputs[0].table: must be mbr for the loader raspberrypi");
});
