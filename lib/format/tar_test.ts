import { assertEquals, assertThrows } from "@std/assert";
import { BASE, sampleTree } from "../../tests/support/apk/apk_files.ts";
import { MemoryStore } from "../../tests/support/tree/memory_store.ts";
import { randomNumbers } from "../../tests/support/program/random_numbers.ts";
import { TowerError } from "../errors.ts";
import { inlineText } from "../tree/content.ts";
import type { FileEntry } from "../tree/entry.ts";
import { FileTree } from "../tree/file_tree.ts";
import { concat } from "../bytes/bytes.ts";
import { formatPax, parsePax } from "./pax.ts";
import { tarEnd, tarHeader, tarPieces } from "./tar.ts";
import { readTarFiles } from "./tar_files.ts";
import { type TarEntry, TarReader } from "./tar_reader.ts";

const encoder = new TextEncoder();
const limits = { entries: 1000, header: 1 << 16 };
const fileEntry: FileEntry = {
  ...BASE,
  type: "file",
  path: "a",
  mode: 0o644,
  content: inlineText("hello"),
};

function archive(tree: FileTree): Uint8Array {
  return concat(Array.from(tarPieces(tree, new MemoryStore()), (piece) => piece.slice()));
}

/** An archive of one entry with content "hello". */
function single(change: (bytes: Uint8Array) => void = () => {}): Uint8Array {
  const bytes = concat([tarHeader(fileEntry), encoder.encode("hello"), new Uint8Array(507)]);
  change(bytes);
  return bytes;
}

/** Makes a header's checksum right again. */
function seal(bytes: Uint8Array, at = 0): void {
  bytes.fill(0x20, at + 148, at + 156);
  const sum = bytes.subarray(at, at + 512).reduce((a, b) => a + b, 0);
  encoder.encodeInto(sum.toString(8).padStart(6, "0"), bytes.subarray(at + 148));
  bytes[at + 154] = 0;
}

function extension(type: string, body: Uint8Array): Uint8Array {
  const content = { kind: "inline", bytes: body } as const;
  const bytes = tarHeader({ ...fileEntry, path: "x", content });
  bytes[156] = type.charCodeAt(0);
  seal(bytes);
  return concat([bytes, body, new Uint8Array((512 - body.length % 512) % 512)]);
}

function only(bytes: Uint8Array): TarEntry {
  return readTarFiles(bytes, limits)[0]!.entry;
}

Deno.test("a tree of every type comes back as it was, names of one file with the first", () => {
  const tree = sampleTree();
  tree.put({ ...BASE, type: "char", path: "usr/null", mode: 0o666, major: 1, minor: 3 });
  tree.put({ ...BASE, type: "block", path: "usr/sda", mode: 0o660, major: 8, minor: 300_000 });
  tree.put({ ...BASE, type: "fifo", path: "usr/pipe", mode: 0o600 });
  const files = readTarFiles(archive(tree), limits);
  const of = (path: string) => files.find((f) => f.entry.path === path)!.entry;
  assertEquals(files.length, tree.size - 1);
  assertEquals(of("usr/bin/bar").type, "file");
  assertEquals(of("usr/bin/bar").xattrs.get("user.note"), new Uint8Array([1, 0, 10, 255]));
  assertEquals(of("usr/bin/foo").type, "hardlink");
  assertEquals(of("usr/bin/foo").target, "usr/bin/bar");
  assertEquals(of("usr/bin/baz").target, "foo");
  assertEquals([of("usr/null").major, of("usr/null").minor], [1, 3]);
  assertEquals([of("usr/sda").major, of("usr/sda").minor], [8, 300_000]);
  assertEquals(of("usr/pipe").type, "fifo");
  assertEquals(of(`usr/${"d".repeat(120)}/`).mode, 0o1777);
  for (const { entry } of files) assertEquals(entry.mtime, BASE.mtime);
});

Deno.test("random trees come back, however the archive is cut", () => {
  for (let seed = 1; seed <= 60; seed++) {
    const random = randomNumbers(seed);
    const tree = randomTree(random);
    const bytes = archive(tree);
    const seen: string[] = [];
    const reader = new TarReader({
      entry: (e) => seen.push(`${e.type} ${e.path} ${e.mode} ${e.uid} ${e.mtime} ${e.size}`),
      content: () => {},
      end: () => {},
    }, limits);
    for (let at = 0; at < bytes.length;) {
      const size = 1 + random.below(2000);
      reader.push(bytes.subarray(at, at + size));
      at += size;
    }
    reader.finish();
    assertEquals(reader.ended, true);
    const want = [...tree.walk()].slice(1).map((e) => {
      const size = e.type === "file" && e.content.kind === "inline" ? e.content.bytes.length : 0;
      const path = e.type === "directory" ? `${e.path}/` : e.path;
      return `${e.type} ${path} ${e.mode} ${e.uid} ${e.mtime} ${size}`;
    });
    assertEquals(seen, want, `seed ${seed}`);
  }
});

function randomTree(random: ReturnType<typeof randomNumbers>): FileTree {
  const tree = new FileTree({ ...BASE, mode: 0o755 });
  const dirs = [""];
  for (let i = 0; i < 30; i++) {
    const name = `${random.pick(["a", "é", "x y", "n".repeat(90), "=\\"])}${i}`;
    const dir = random.pick(dirs);
    const path = dir === "" ? name : `${dir}/${name}`;
    const mode = random.below(0o10000);
    const uid = random.pick([0, 1000, 2_097_151, 2_097_152, 4_294_967_294]);
    const mtime = random.pick([0, 1_700_000_000, 8 ** 11]);
    const base = { ...BASE, path, mode, uid, mtime };
    if (random.below(3) === 0 && path.length < 700) {
      tree.put({ ...base, type: "directory" });
      dirs.push(path);
    } else if (random.below(3) === 0) {
      tree.put({ ...base, type: "symlink", target: "t".repeat(1 + random.below(200)) });
    } else {
      tree.put({ ...base, type: "file", content: inlineText("c".repeat(random.below(1500))) });
    }
  }
  return tree;
}

Deno.test("a file of 8 GiB and more has its size in a PAX record, or in base 256 of others", () => {
  const size = 20 * 2 ** 30;
  const blob = `sha256:${"0".repeat(64)}` as never;
  const content = { kind: "span", blob, offset: 0, size, sha256: undefined } as const;
  const sizes: number[] = [];
  const see = () =>
    new TarReader({ entry: (e) => sizes.push(e.size), content: () => {}, end: () => {} }, limits);
  see().push(tarHeader({ ...fileEntry, content }));
  const gnu = tarHeader(fileEntry);
  gnu.fill(0, 124, 136);
  gnu[124] = 0x80;
  gnu[131] = 5; // 5 * 2^32
  seal(gnu);
  see().push(gnu);
  assertEquals(sizes, [size, size]);
});

Deno.test("GNU long names and targets are read", () => {
  const name = "n".repeat(300), target = "t".repeat(200);
  const link = tarHeader({ ...BASE, type: "symlink", path: "x", mode: 0o777, target: "y" });
  const entry = only(concat([
    extension("L", encoder.encode(`${name}\0`)),
    extension("K", encoder.encode(`${target}\0`)),
    link,
    tarEnd(),
  ]));
  assertEquals([entry.path, entry.target], [name, target]);
});

Deno.test("a global header holds for all that follow, its own header goes first", () => {
  const global = extension("g", formatPax(new Map([["uid", encoder.encode("7")]])));
  const local = extension("x", formatPax(new Map([["uid", encoder.encode("8")]])));
  const files = readTarFiles(concat([global, single(), local, single(), single()]), limits);
  assertEquals(files.map((f) => f.entry.uid), [7, 8, 7]);
});

const malformed: readonly (readonly [string, string, Uint8Array])[] = [
  ["a wrong checksum", "checksum", single((b) => b[0]! ^= 1)],
  ["no magic", "magic", single((b) => (b.fill(0, 257, 265), seal(b)))],
  ["a size that is not octal", "not octal", single((b) => (b[130] = 0x39, seal(b)))],
  ["a negative size", "too large", single((b) => (b.fill(0xff, 124, 136), seal(b)))],
  ["an unknown type", "unknown type", single((b) => (b[156] = 0x53, seal(b)))],
  ["a name that is not UTF-8", "UTF-8", single((b) => (b[0] = 0xff, seal(b)))],
  ["no name", "no name", single((b) => (b[0] = 0, seal(b)))],
  ["a directory with content", "has content", single((b) => (b[156] = 0x35, seal(b)))],
  ["an end inside an entry", "ends inside", single().subarray(0, 600)],
  ["an end after an extended header", "ends inside", extension("x", encoder.encode("5 a=\n"))],
  ["bytes after its end", "follow its end", concat([single(), tarEnd(), single()])],
  [
    "an empty extended header before its end",
    "has no entry",
    concat([
      extension("x", new Uint8Array()),
      tarEnd(),
    ]),
  ],
  ["a global path", "global header", extension("g", encoder.encode("10 path=a\n"))],
  [
    "two extended headers",
    "two extended",
    concat([
      extension("x", encoder.encode("5 a=\n")),
      extension("x", encoder.encode("5 a=\n")),
    ]),
  ],
  [
    "a NUL in a PAX path",
    "has a NUL",
    concat([
      extension("x", encoder.encode("10 path=\0\n")),
      single(),
    ]),
  ],
  [
    "a PAX size that is no number",
    "no number",
    concat([
      extension("x", encoder.encode("11 size=-1\n")),
      single(),
    ]),
  ],
];
for (const [what, cause, bytes] of malformed) {
  Deno.test(`an archive with ${what} is malformed`, () => {
    const error = assertThrows(() => readTarFiles(bytes, limits), TowerError, cause);
    assertEquals(error.code, "malformed");
  });
}

const apk = { ...limits, dialect: "apk" } as const;

Deno.test("in apk's dialect owners and times are the header's, names and attributes the records'", () => {
  const records = new Map([
    ["uid", "7"],
    ["gid", "8"],
    ["mtime", "-1.5"],
    ["uname", "u"],
    ["path", "b"],
    ["size", "5"],
    ["SCHILY.xattr.user.x", "v"],
  ].map(([key, value]) => [key!, encoder.encode(value)] as const));
  const bytes = concat([
    extension("g", encoder.encode("9 uname=x\n")),
    extension("x", formatPax(records)),
    single(),
  ]);
  const { entry } = readTarFiles(bytes, apk)[0]!;
  const { uid, gid, mtime } = fileEntry;
  assertEquals([entry.uid, entry.gid, entry.mtime, entry.user], [uid, gid, mtime, "root"]);
  assertEquals([entry.path, [...entry.xattrs.keys()]], ["b", ["user.x"]]);
});

const readPast: readonly [what: string, bytes: Uint8Array][] = [
  [
    "another size in its extended header",
    concat([
      extension("x", encoder.encode("9 size=4\n")),
      single(),
    ]),
  ],
  ["a number of base 256", single((b) => (b.fill(0, 108, 116), b[108] = 0x80, seal(b)))],
  ["the old type of a file", single((b) => (b[156] = 0, seal(b)))],
  ["a long link target of GNU's", concat([extension("K", encoder.encode("t")), single()])],
];
for (const [what, bytes] of readPast) {
  Deno.test(`an archive with ${what} is read, but not in apk's dialect`, () => {
    assertEquals(readTarFiles(bytes, limits).length, 1);
    const error = assertThrows(() => readTarFiles(bytes, apk), TowerError);
    assertEquals(error.code, "malformed");
  });
}

Deno.test("a name that is not UTF-8 is told with its bytes", () => {
  const bytes = single((b) => (b.set([0x63, 0xe9, 0x1b], 0), seal(b)));
  assertThrows(() => readTarFiles(bytes, limits), TowerError, '"c\\xe9\\x1b" is not UTF-8');
});

Deno.test("entries and extended headers are bounded", () => {
  const many = concat([single(), single(), single()]);
  const error = assertThrows(() => readTarFiles(many, { ...limits, entries: 2 }), TowerError);
  assertEquals(error.code, "limit");
  const big = extension("x", new Uint8Array(2000)).subarray(0, 512);
  assertThrows(() => readTarFiles(big, { ...limits, header: 1999 }), TowerError, "1999 bytes");
  const global = extension("g", encoder.encode("9 a=1234\n"));
  const globals = concat(Array.from({ length: 10 }, () => global));
  assertThrows(() => readTarFiles(globals, { ...limits, header: 50 }), TowerError, "50 bytes");
});

Deno.test("PAX records keep any bytes, and wrong ones are malformed", () => {
  for (let size = 0; size < 1100; size++) {
    const records = new Map([["k", new Uint8Array(size).fill(10)], ["é", Uint8Array.of(0, 61)]]);
    assertEquals(parsePax(formatPax(records)), records);
  }
  for (const text of ["5 a=", "4 a=\n", "05 a=\n", "x a=b\n", "5 =a\n", "99999 a=\n"]) {
    assertThrows(() => parsePax(encoder.encode(text)), TowerError, "a record");
  }
  assertThrows(() => parsePax(encoder.encode("5 a=\n5 a=\n")), TowerError, "stands twice");
});

Deno.test("a sparse file as GNU tar writes it is refused: its content is a list of holes", () => {
  const records = formatPax(new Map([["GNU.sparse.major", new TextEncoder().encode("1")]]));
  const header = tarHeader({
    ...fileEntry,
    content: inlineText(new TextDecoder().decode(records)),
  });
  header[156] = "x".charCodeAt(0);
  seal(header);
  const bytes = concat([
    ...[header, records, new Uint8Array(-records.length & 511)],
    tarHeader(fileEntry),
  ]);
  assertThrows(() => readTarFiles(bytes, limits), TowerError, "is sparse");
});

Deno.test("records of global headers are few, as each entry has them all", () => {
  const globals = (count: number) => {
    const records = new Map(
      Array.from({ length: count }, (_, i) => [`x${i}`, new Uint8Array()] as const),
    );
    const bytes = formatPax(records);
    const header = tarHeader({
      ...fileEntry,
      content: inlineText(new TextDecoder().decode(bytes)),
    });
    header[156] = "g".charCodeAt(0);
    seal(header);
    return concat([header, bytes, new Uint8Array(-bytes.length & 511), tarHeader(fileEntry)]);
  };
  const read = (bytes: Uint8Array) =>
    new TarReader({ entry() {}, content() {}, end() {} }, { entries: 9, header: 1 << 20 }).push(
      bytes,
    );
  read(globals(64));
  assertThrows(() => read(globals(65)), TowerError, "its global headers have more than 64 records");
});
