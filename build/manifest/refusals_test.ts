import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { TowerError } from "../../lib/errors.ts";
import { loadManifest } from "./manifest.ts";

const BASE = `name: base
arches: [x86_64, aarch64]
stages:
  - { kind: packages, world: [busybox] }
outputs:
  - { kind: tar, file: base.tar }
`;

/** Loads "m.yaml" among other files. */
function refusal(text: string, files: Readonly<Record<string, string>> = {}): TowerError {
  const texts: Readonly<Record<string, string>> = { "base.yaml": BASE, ...files, "m.yaml": text };
  return assertThrows(() =>
    loadManifest("m.yaml", {
      systemPath: () => undefined,
      systemNames: () => ["host"],
      manifestNames: () => [],
      kindOf: () => undefined,
      readText(path) {
        if (Object.hasOwn(texts, path)) return texts[path]!;
        throw new TowerError("not-found", `Cannot read "${path}": there is no such file or folder`);
      },
      beside: (_, path) => path,
      folderOf: (path) => `of ${path}`,
    }), TowerError);
}

/** What each refusal says behind the place of its field, and its hint. */
const REFUSALS: Readonly<
  Record<string, { text: string; says: readonly string[]; hint?: RegExp }>
> = {
  "nothing but a name": {
    text: "name: a\n",
    says: [
      "1:1: arches: is missing, and nothing is extended that has it",
      "1:1: outputs: is missing, and nothing is extended that has it",
      "1:1: stages: no tree has packages",
    ],
    hint: /\[x86_64\].*kind: tar.*kind: packages/,
  },
  "no packages, and trees in a circle": {
    text: "name: a\narches: [x86_64]\ntrees: { one: { from: two }, two: { from: one } }\n" +
      "outputs: [{ kind: tar, file: a.tar, tree: one }]\n",
    says: [
      "1:1: stages: no tree has packages",
      '3:43: trees.two.from: a tree cannot be made of itself: "one" of "two" of "one"',
    ],
    hint: /kind: packages/,
  },
  "no outputs, and trees in a circle": {
    text: "name: a\narches: [x86_64]\nstages: [{ kind: packages, world: [a] }]\n" +
      "trees: { one: { from: one } }\n",
    says: [
      "1:1: outputs: is missing, and nothing is extended that has it",
      '4:23: trees.one.from: a tree cannot be made of itself: "one" of "one"',
    ],
    hint: /kind: tar/,
  },
  "a tree that is not there, and one that nothing takes": {
    text: BASE.replace("base.tar", "base.tar, tree: roott"),
    says: [
      '6:40: outputs[0].tree: there is no tree "roott"; did you mean "root"?',
      '4:3: stages: nothing is made of the tree "root"',
    ],
    hint: /the trees are root; .*"tree: root"/,
  },
  "packages in a tree that begins with another": {
    text: `${BASE}  - { kind: cpio, file: a.cpio, tree: more }
trees: { more: { from: root, stages: [{ kind: packages, world: [a] }] } }
`,
    says: [
      "8:39: trees.more.stages[0]: packages go into an empty tree, and this one begins with something",
    ],
    hint: /the tree that it begins with/,
  },
  "sources that are not there, and that nothing takes": {
    text: BASE.replace(
      "outputs:",
      `  - { kind: unpack, source: tol }
sources:
  tool: { kind: archive, file: a, format: raw, sha256: ${"a".repeat(64)} }
outputs:`,
    ),
    says: [
      '5:29: stages[1].source: there is no source "tol"; did you mean "tool"?',
      '7:9: sources.tool: no stage takes the source "tool"',
    ],
    hint: /"sources".*unpack/,
  },
  "an architecture without an output": {
    text: BASE.replace("base.tar", "base.tar, arches: [x86_64]"),
    says: ['2:18: arches[1]: no output is for "aarch64"'],
    hint: /leave "aarch64" out/,
  },
  "an architecture without packages": {
    text: BASE.replace("[busybox]", "[busybox], arches: [aarch64]"),
    says: ['2:10: arches[0]: nothing that trees begin with is for "x86_64"'],
    hint: /leave "x86_64" out/,
  },
  "an architecture of the base without an output": {
    text: "name: a\nextends: base.yaml\n" +
      "outputs: [{ kind: tar, file: a.tar, arches: [x86_64] }]\n",
    says: ['base.yaml:2:18: arches[1]: no output is for "aarch64"'],
    hint: /leave "aarch64" out/,
  },
  "two outputs of one name": {
    text: `${BASE}  - { kind: cpio, file: base.tar }\n`,
    says: ['7:25: outputs[1].file: two outputs are named "base.tar"'],
    hint: /a file of its own/,
  },
  "two outputs of one name once the version stands in it": {
    text: `${BASE.replace("base.tar", '"a-{version}.tar"')}  - { kind: cpio, file: a-1.0.tar }
version: "1.0"
`,
    says: ['7:25: outputs[1].file: two outputs are named "a-1.0.tar"'],
    hint: /a file of its own/,
  },
  "an output of the name of another's block map, and of the build's own files": {
    text: `${BASE.replace("{ kind: tar, file: base.tar }", DISK("a.img"))}
  - { kind: tar, file: a.img.bmap }
  - { kind: tar, file: SHA256SUMS }
  - { kind: tar, file: a.lock.json }
  - { kind: tar, file: "base.{version}.json" }
version: tree
`,
    says: [
      '9:24: outputs[1].file: two outputs are named "a.img.bmap"',
      '10:24: outputs[2].file: an output is named "SHA256SUMS", as a file of the build\'s own',
      '11:24: outputs[3].file: an output is named "a.lock.json", as a file of the build\'s own',
      '12:24: outputs[4].file: an output is named "base.tree.json", as a file of the build\'s own',
    ],
    hint: /FILE\.bmap.*record\.json/,
  },
  "names by a version that there is not": {
    text: `${BASE.replace("base.tar", '"{version}.tar"')}trees:
  root: { stages: [{ kind: embed, output: { kind: cpio, file: "{version}", tree: root } }] }
`.replace(/stages:\n.*\n/, "").replace(
      "root: { stages: [",
      "other: { stages: [{ kind: packages, world: [a] }] }\n  root: { from: other, stages: [",
    ).replace('"{version}", tree: root', '"{version}", tree: other'),
    says: [
      '4:24: outputs[0].file: an output is named "{version}.tar", and there is no "version"',
      '7:76: trees.root.stages[0].output.file: an output is named "{version}", and there is no "version"',
    ],
    hint: /version: "1\.0"/,
  },
  "a manifest that extends itself": {
    text: "name: a\nextends: m.yaml\n",
    says: ["2:10: extends: it extends itself"],
  },
  "manifests that extend each other": {
    text: "name: a\nextends: other.yaml\n",
    says: ['other.yaml:1:21: extends: it extends "m.yaml", which extends it'],
  },
};

function DISK(file: string): string {
  return `{ kind: disk, file: ${file}, table: gpt, boot: { free: 1MiB }, root: { free: 1MiB },
    loaders: [syslinux], flavour: virt, initramfs: /boot/i }`;
}

for (const [what, { text, says, hint }] of Object.entries(REFUSALS)) {
  Deno.test(`refused with places, all at once: ${what}`, () => {
    const error = refusal(text, { "other.yaml": "{ name: b, extends: m.yaml }\n" });
    const [title, ...lines] = error.message.split("\n");
    assertEquals(
      lines,
      says.map((line) => `  ${/^\d/.test(line) ? "m.yaml:" : ""}${line}`),
    );
    assertMatch(title!, /^Cannot use "(m|other)\.yaml": \d+ faults?$/);
    if (hint === undefined) assertEquals(error.hint, undefined);
    else assertMatch(error.hint ?? "", hint);
  });
}

Deno.test("what a manifest extends and is not there is told with the place that wants it", () => {
  const missing = refusal("name: a\nextends: none.yaml\n");
  assertEquals([missing.code, missing.message], [
    "not-found",
    'Cannot read "none.yaml": there is no such file or folder\nm.yaml:2:10: extends',
  ]);
  const unknown = refusal("name: a\nextends: hots\n");
  assertEquals(
    unknown.message,
    'Cannot find system "hots"; did you mean "host"?\nm.yaml:2:10: extends',
  );
  assertMatch(unknown.hint ?? "", /^the systems are host; /);
});

Deno.test("more manifests than four in a chain are refused where the last extends another", () => {
  const files = Object.fromEntries(
    [1, 2, 3, 4].map((n) => [`${n}.yaml`, `name: a\nextends: ${n + 1}.yaml\n`]),
  );
  assertEquals(
    refusal("name: a\nextends: 1.yaml\n", files).message,
    'Cannot use "3.yaml": 1 fault\n  3.yaml:2:10: extends: more than 4 manifests extend one another',
  );
});
