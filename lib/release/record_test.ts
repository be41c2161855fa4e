import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { randomNumbers } from "../../tests/support/program/random_numbers.ts";
import { TowerError } from "../errors.ts";
import { formatRecord, parseArtifacts, parseRecord } from "./record.ts";

/** What a program that wrote version 1 left, but for all packages and scripts but the first. */
const VERSION_1 = {
  "version": 1,
  "system": "sample",
  "arch": "x86_64",
  "plan": "sha256:9c4cdd81d6e6e854a7da34021ae154962f1ff12183fcb6f7e2f69e0d11a12e20",
  "lock": "sha256:6a7c9fae34c4f607454feef78aef94e16570dcee27230bd9a942ed915695db19",
  "epoch": 1794824260,
  "builder": {
    "name": "tower-build",
    "version": "0.1.0",
  },
  "distribution": {
    "id": "tower-lab",
  },
  "artifacts": [
    {
      "file": "sample-1.4.img.zst",
      "commandLine": "root=UUID=56196108-7f37-835f-8b3c-e499a9a831b5 rootfstype=ext4 quiet",
      "loaders": [
        "syslinux",
        "systemd-boot",
      ],
      "digest": "sha256:a638af3bcd0260558b9dff2e72ac440dbea5dcfe9cc6ff2e718a75e47d852bd6",
      "size": 27274122,
      "compression": {
        "format": "zstd",
        "tool": "zstd 1.5.7",
      },
      "raw": {
        "digest": "sha256:4886ccd78383e33c0ecbd7471b5ada5c27469a3a36405e70f1049ce091212281",
        "size": 84934656,
      },
    },
    {
      "file": "sample.tar",
      "digest": "sha256:28910e86d4aa25044af4000af1ade4a2b28e8255048ecb29aff3cc77550b8be6",
      "size": 52379648,
    },
  ],
  "companions": [
    {
      "kind": "bmap",
      "file": "sample-1.4.img.bmap",
      "digest": "sha256:7744085965f741648bbc39a4078ccea77fad44bf42a1947f20ad45939a546e5a",
      "size": 925,
    },
    {
      "kind": "tree",
      "file": "sample.tree.json",
      "digest": "sha256:2d09a63143c7a22b4403fd2eb18ffb38b75a69dfefa3370fa3942237ce04af62",
      "size": 163929,
    },
  ],
  "packages": [
    {
      "name": "busybox",
      "version": "1.35.0-r40101",
      "arch": "x86_64",
      "license": "custom",
      "origin": "busybox-static",
      "repository": "lab",
      "digest": "sha256:722d4f68568d50b2ffaa05d90e096f843674050de579f618d0df019fa7c8f436",
      "identity": "Q1BgyjfiQQtBzVORGtHDQ8FgcAkE4=",
      "key": "tower-lab-12842198.rsa.pub",
    },
  ],
  "scripts": [
    {
      "package": "busybox",
      "script": "post-install",
      "sha256": "959fd7d7c8600c9deb2138d08c7b0281bf024ca8bb6b84899c75d5e983c81117",
      "did": "native",
      "detail": "259 links to /bin/busybox",
    },
  ],
};

Deno.test("a record of version 1 is read: its artifacts get kinds, its block map an image", () => {
  const record = parseRecord(JSON.stringify(VERSION_1), "record.json");
  assertEquals(record.version, 2);
  assertEquals(record.artifacts.map(({ file, kind, mediaType }) => [file, kind, mediaType]), [
    ["sample-1.4.img.zst", "disk", "application/vnd.efi.img"],
    ["sample.tar", "tar", "application/x-tar"],
  ]);
  assertEquals(record.companions.map(({ of }) => of), ["sample-1.4.img.zst", undefined]);
  assertEquals(parseRecord(formatRecord(record), "record.json"), record);
  const { artifacts, companions } = parseArtifacts(JSON.stringify(VERSION_1), "record.json");
  assertEquals([artifacts.length, companions.length], [2, 2]);
});

Deno.test("a record that is none, of a version to come or of other types is refused", () => {
  for (
    const text of [
      "",
      "null",
      "[]",
      "{}",
      JSON.stringify({ ...VERSION_1, version: 3 }),
      JSON.stringify({ ...VERSION_1, artifacts: [null] }),
      JSON.stringify({ ...VERSION_1, artifacts: "x", companions: 5 }),
      JSON.stringify({ ...VERSION_1, companions: [null] }),
      JSON.stringify({ ...VERSION_1, system: "host\nwarning: all is well" }),
      JSON.stringify({ ...VERSION_1, arch: "x86_64\u001b[2J" }),
    ]
  ) {
    const error = assertThrows(() => parseRecord(text, "record.json"), TowerError);
    assertEquals(error.code, "malformed", text);
  }
});

const PARTITION = {
  name: "boot",
  type: "0x0c",
  offset: 1048576,
  size: 34603008,
  content: "fat",
  folder: "/boot",
};

/** A record of version 2 whose disk has these partitions. */
function withPartitions(partitions: unknown): string {
  const [disk] = parseRecord(JSON.stringify(VERSION_1), "r.json").artifacts;
  return JSON.stringify({ ...VERSION_1, version: 2, artifacts: [{ ...disk, partitions }] });
}

Deno.test("a record tells of a disk's partitions, and nothing that is none", () => {
  const gpt = { ...PARTITION, type: "c12a7328-f81f-11d2-ba4b-00a0c93ec93b" };
  const { folder: _, ...bare } = PARTITION;
  const partitions = [PARTITION, gpt, bare];
  assertEquals(parseRecord(withPartitions(partitions), "r").artifacts[0]!.partitions, partitions);
  assertEquals(parseRecord(withPartitions(undefined), "r").artifacts[0]!.partitions, undefined);
  const faulty = [
    ...[{ name: "" }, { name: "a\n" }, { type: "0xC" }, { type: "root" }, { offset: -1 }],
    ...[{ offset: 2 ** 53 }, { size: 0 }, { content: "FAT" }, { folder: "boot" }],
    ...[{ folder: "/\u001b[2J" }, { folder: `/${"x".repeat(5000)}` }, { other: 1 }],
  ];
  for (const change of faulty) {
    const text = withPartitions([{ ...PARTITION, ...change }]);
    const error = assertThrows(() => parseRecord(text, "r"), TowerError);
    assertEquals([error.code, error.message.length < 1000], ["malformed", true], text);
  }
  const many = withPartitions(new Array(200_000).fill({}));
  assertThrows(() => parseRecord(many, "r"), TowerError, "partitions: must be at most 128");
});

Deno.test("a record that has a file twice is refused, also where one tells of the other", () => {
  const { artifacts: [image], companions: [map] } = VERSION_1;
  for (
    const twice of [
      { artifacts: [image, { ...image, size: 1 }] },
      { artifacts: [image], companions: [map, map] },
      { artifacts: [image], companions: [{ ...map, file: image!.file }] },
    ]
  ) {
    for (const parse of [parseRecord, parseArtifacts]) {
      const text = JSON.stringify({ ...VERSION_1, ...twice });
      const error = assertThrows(() => parse(text, "r.json"), TowerError, "twice");
      assertEquals(error.code, "malformed");
    }
  }
});

Deno.test("a record that has a tree, a source or a name of its text twice is refused with a hint", () => {
  const digest = VERSION_1.plan;
  const tree = { name: "root", id: digest };
  const source = { kind: "archive", name: "s", digest, size: 1 };
  const now = parseRecord(JSON.stringify(VERSION_1), "r.json");
  const texts = [
    JSON.stringify({ ...now, trees: [tree, tree] }),
    JSON.stringify({ ...now, sources: [source, source] }),
    JSON.stringify(now).replace('"version":2', '"version":2,"version":2'),
  ];
  for (const text of texts) {
    const error = assertThrows(() => parseRecord(text, "r.json"), TowerError);
    assertMatch(`${error.message} ${error.cause}`, /"(root|s|version)" twice/);
    assertMatch(error.hint ?? "", /build it again/);
  }
});

Deno.test("hostile records of either version end in one short error", () => {
  const deep = JSON.parse("[".repeat(5000) + "]".repeat(5000));
  const files = [deep, { toString: 1, valueOf: 1 }, null, "../x", "a".repeat(1 << 20)];
  const records = files.flatMap((file) => [
    { ...VERSION_1, artifacts: [{ file }] },
    { ...VERSION_1, artifacts: [{ file, commandLine: "" }], companions: [{ kind: "bmap", file }] },
    { ...VERSION_1, version: 2, artifacts: [{ file, kind: file, mediaType: file }] },
    { ...VERSION_1, version: 2, companions: [{ ["x".repeat(1 << 20)]: file }] },
  ]);
  for (const record of records) {
    const error = assertThrows(() => parseRecord(JSON.stringify(record), "r.json"), TowerError);
    assertEquals([error.code, error.message.length < 4000], ["malformed", true]);
  }
  for (const field of ["artifacts", "companions", "packages", "scripts"]) {
    const record = { ...VERSION_1, [field]: new Array(200_000).fill(0) };
    const error = assertThrows(() => parseRecord(JSON.stringify(record), "r.json"), TowerError);
    assertEquals(error.code, "limit", field);
  }
});

Deno.test("records that were changed anywhere are read or refused, seed 20261127", () => {
  const random = randomNumbers(20261127);
  const text = JSON.stringify(VERSION_1);
  const signs = '{}[]",:0123456789-.eE\\ntrufalse \u0000\u001b';
  for (let i = 0; i < 3000; i++) {
    const at = random.below(text.length);
    const changed = text.slice(0, at) + random.pick([...signs]) + text.slice(at + random.below(3));
    try {
      parseRecord(changed, "r.json");
    } catch (error) {
      if (!(error instanceof TowerError)) throw error;
    }
  }
});
