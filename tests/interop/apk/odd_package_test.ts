import { oracleTest } from "../../support/apk/with_oracle.ts";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { createHash } from "node:crypto";
import { packages as packagesStage } from "../../../build/stages/packages.ts";
import { CHECKSUM_RECORD } from "../../../lib/apk/data_member.ts";
import { formatInstalled } from "../../../lib/apk/installed_db.ts";
import { installPackages } from "../../../lib/apk/install.ts";
import { packSignature, tarFile } from "../../../lib/apk/package_writer.ts";
import { readPackage } from "../../../lib/apk/package_reader.ts";
import { putApkDirectories } from "../../../lib/apk/apk_directories.ts";
import { messagesOf } from "../../../lib/errors.ts";
import { concat } from "../../../lib/bytes/bytes.ts";
import { gzip } from "../../../lib/format/gzip.ts";
import { formatPax } from "../../../lib/format/pax.ts";
import { padding, tarEnd } from "../../../lib/format/tar.ts";
import { formatBlock, type TarBlock } from "../../../lib/format/tar_block.ts";
import { readTarFiles } from "../../../lib/format/tar_files.ts";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { FileTree } from "../../../lib/tree/file_tree.ts";
import { type Oracle, oracleMissing } from "../../support/apk/alpine_oracle.ts";
import { streamOf, TEST_LIMITS } from "../../support/apk/apk_files.ts";
import { differences, listDisk, listTree, rootMissing } from "../../support/format/disk_tree.ts";
import { MemoryStore } from "../../support/tree/memory_store.ts";
import { stageContext } from "../../support/tree/stage_context.ts";
import { TEST_KEY } from "../../support/apk/test_keys.ts";

const missing = oracleMissing() ?? rootMissing();
const encoder = new TextEncoder();
const TIME = 1_600_000_000;
const EPOCH = 1_800_000_000;

interface OddEntry {
  readonly name: string | Uint8Array;
  readonly block?: Partial<Omit<TarBlock, "name" | "size">>;
  readonly text?: string;
  readonly records?: Readonly<Record<string, string>>;
  /** Changes the header before its checksum is made right. */
  readonly spoil?: (header: Uint8Array) => void;
  readonly checksum?: false;
}

function headerOf(fields: Partial<TarBlock>): Uint8Array {
  const none = new Uint8Array();
  return formatBlock({
    ...{ name: none, prefix: none, flag: "0", mode: 0o644, uid: 0, gid: 0, size: 0 },
    ...{ mtime: TIME, target: none, major: 0, minor: 0 },
    ...fields,
  });
}

function oddEntry({ name, block = {}, text = "", records = {}, spoil, checksum }: OddEntry) {
  const content = encoder.encode(text);
  const bytes = typeof name === "string" ? encoder.encode(name) : name;
  const main = headerOf({ name: bytes, size: content.length, ...block });
  if (spoil) {
    spoil(main);
    main.fill(0x20, 148, 156);
    const sum = main.reduce((a, b) => a + b, 0);
    encoder.encodeInto(sum.toString(8).padStart(6, "0") + "\0", main.subarray(148));
  }
  const hashed = block.flag === "2" ? block.target! : content;
  const all = new Map(Object.entries(records).map(([k, v]) => [k, encoder.encode(v)]));
  if (checksum !== false && block.flag !== "5") {
    all.set(CHECKSUM_RECORD, encoder.encode(createHash("sha1").update(hashed).digest("hex")));
  }
  const pax = formatPax(all);
  const extension = all.size === 0 ? [] : [
    headerOf({ name: encoder.encode("pax"), flag: "x", size: pax.length }),
    pax,
    padding(pax.length),
  ];
  return concat([...extension, main, content, padding(content.length)]);
}

/** A signed package of odd entries. */
function oddPackage(entries: readonly OddEntry[], arch = "x86_64"): Uint8Array {
  const data = gzip(concat([...entries.map(oddEntry), tarEnd()]), 6);
  const hash = createHash("sha256").update(data).digest("hex");
  const info = `pkgname = odd\npkgver = 1-r0\narch = ${arch}\nsize = 9\ndatahash = ${hash}\n`;
  const control = gzip(tarFile(".PKGINFO", encoder.encode(info), 0o644, 0), 6);
  return concat([packSignature(control, TEST_KEY.secret, 0), control, data]);
}

async function byApk(oracle: Oracle, bytes: Uint8Array) {
  const root = await oracle.emptyRoot();
  const path = join(oracle.dir, "odd-1-r0.apk");
  await Deno.writeFile(path, bytes);
  const result = await oracle.apk(
    ...["--root", root, "--arch", "x86_64", "--keys-dir", oracle.keys, "--no-network"],
    ...["--repositories-file", "/dev/null", "add", path],
  );
  const database = await Deno.readTextFile(join(root, "lib/apk/db/installed"));
  return { ...result, root, database };
}

async function byUs(bytes: Uint8Array) {
  const store = new MemoryStore();
  const keys = [TEST_KEY.trusted];
  const limits = TEST_LIMITS;
  const read = await readPackage(streamOf(bytes), { keys, data: store.writer(), limits });
  const base = { uid: 0, gid: 0, mtime: EPOCH, origin: "stage:packages" } as const;
  const tree = new FileTree({ ...base, mode: 0o755 });
  const installation = installPackages(tree, [read], { epoch: EPOCH });
  putApkDirectories(tree, [read], EPOCH);
  return { read, tree, store, database: formatInstalled(installation, { arch: "x86_64" }) };
}

/** Why we refuse a package, all messages in one text. */
async function refusal(bytes: Uint8Array): Promise<string> {
  const error = await byUs(bytes).then(() => undefined, (e: unknown) => e);
  assert(error !== undefined, "we take it");
  return messagesOf(error).join("\n");
}

const test = (name: string, fn: (oracle: Oracle) => Promise<void>) => oracleTest(name, missing, fn);

const OTHER_OWNER = { uid: "7", gid: "8", uname: "daemon", gname: "daemon" };
const ATTRIBUTE = { "SCHILY.xattr.user.note": "n" };
const DIRECTORY = { flag: "5", mode: 0o755 };
const AGREED: readonly [string, readonly OddEntry[]][] = [
  ["owners in an extended header do not count", [
    { name: "f", block: { uid: 3, gid: 4 }, records: OTHER_OWNER },
    { name: "d/", block: { ...DIRECTORY, uid: 3, gid: 4 }, records: OTHER_OWNER },
    { name: "l", block: { flag: "2", target: encoder.encode("f"), uid: 3 }, records: OTHER_OWNER },
  ]],
  ["nor do times, a negative one too", [
    { name: "f", records: { mtime: "-1.5" } },
    { name: "g", records: { mtime: "1500000000.25" } },
  ]],
  ["a directory and a link lose their attributes, but the database counts them", [
    { name: "d/", block: DIRECTORY, records: ATTRIBUTE },
    { name: "d/f", records: ATTRIBUTE },
    { name: "l", block: { flag: "2", target: encoder.encode("f") }, records: ATTRIBUTE },
  ]],
  ["global headers do not count", [
    { name: "g", block: { flag: "g" }, text: "9 uname=x\n", checksum: false },
    { name: "f", block: { uid: 3 } },
  ]],
];
for (const [title, entries] of AGREED) {
  test(`an odd package is installed as by real apk: ${title}`, async (oracle) => {
    const bytes = oddPackage(entries);
    const theirs = await byApk(oracle, bytes);
    assertEquals(theirs.code, 0, theirs.stderr);
    const ours = await byUs(bytes);
    const bare = (list: Map<string, string>) =>
      new Map([...list].filter(([path]) => !/^(?:dev\/|(?:etc|lib)\/apk\/)/.test(path)));
    assertEquals(
      differences(bare(listTree(ours.tree, ours.store)), bare(listDisk(theirs.root))),
      [],
    );
    assertEquals(ours.database, theirs.database);
    for (const entry of ours.tree.walk()) {
      if (entry.type !== "file") continue;
      const { mtime } = Deno.lstatSync(join(theirs.root, entry.path));
      assertEquals(entry.mtime, (mtime?.getTime() ?? 0) / 1000, entry.path);
    }
    assertEquals(attributesOf(ours.tree), await attributesOnDisk(theirs.root));
  });
}

/** Names of extended attributes by path. */
function attributesOf(tree: FileTree): Record<string, string[]> {
  const found = [...tree.walk()].filter((e) => e.xattrs?.size);
  return Object.fromEntries(found.map((e) => [e.path, [...e.xattrs!.keys()]]));
}

async function attributesOnDisk(root: string): Promise<Record<string, string[]>> {
  const file = await Deno.makeTempFile();
  const argv = ["tar", "--xattrs", "--xattrs-include=*", "--exclude=./dev", "-C", root] as const;
  await denoRunner().run({ argv: [...argv, "-cf", file, "."] });
  const files = readTarFiles(await Deno.readFile(file), { entries: 1000, header: 1 << 16 });
  await Deno.remove(file);
  const found = files.filter(({ entry }) => entry.xattrs.size > 0);
  return Object.fromEntries(found.map(({ entry }) => {
    return [entry.path.replace(/^\.\/|\/$/g, ""), [...entry.xattrs.keys()]];
  }));
}

test("a package without checksums gets them, where apk calls it broken", async (oracle) => {
  const bytes = oddPackage([{ name: "f", text: "hello", checksum: false }]);
  const theirs = await byApk(oracle, bytes);
  assertEquals(theirs.code, 1);
  assertStringIncludes(theirs.stdout + theirs.stderr, "packages without embedded checksums");
  assertEquals(Deno.readTextFileSync(join(theirs.root, "f")), "hello");
  const z = `Z:Q1${createHash("sha1").update("hello").digest("base64")}\n`;
  const whole = theirs.database.replace("f:f\n", "").replace("R:f\n", `R:f\n${z}`);
  assertEquals((await byUs(bytes)).database, whole);
});

test("a name that is not UTF-8 is refused, which apk installs", async (oracle) => {
  const bytes = oddPackage([{ name: Uint8Array.of(0x63, 0x61, 0x66, 0xe9) }]);
  assertEquals((await byApk(oracle, bytes)).code, 0);
  assertStringIncludes(await refusal(bytes), 'odd-1-r0": it does not follow the format\n');
  assertStringIncludes(await refusal(bytes), '"caf\\xe9" is not UTF-8');
});

/** What others see is "hello", or "hell" by the extended header; apk sees something else. */
const READ_PAST: readonly [string, OddEntry, apk: "fails" | "no file" | "hello"][] = [
  ["a file of the old type", { name: "f", spoil: (h) => (h[156] = 0) }, "no file"],
  ["an owner of base 256", { name: "f", spoil: (h) => h.set([0x80, 0, 0, 0], 108) }, "fails"],
  ["another size in its extended header", { name: "f", records: { size: "4" } }, "hello"],
];
for (const [what, entry, apk] of READ_PAST) {
  test(`${what} is refused, which apk reads in its own way`, async (oracle) => {
    const bytes = oddPackage([{ ...entry, text: "hello" }]);
    const { code, root } = await byApk(oracle, bytes);
    const text = await Deno.readTextFile(join(root, "f")).catch(() => "no file");
    assertEquals(code === 0 ? text : "fails", apk);
    assertStringIncludes(await refusal(bytes), "it does not follow the format");
  });
}

test("a package of another architecture is refused, which apk 2.14 installs", async (oracle) => {
  const bytes = oddPackage([{ name: "f" }], "aarch64");
  assertEquals((await byApk(oracle, bytes)).code, 0);
  const { read } = await byUs(bytes);
  const base = { uid: 0, gid: 0, mtime: EPOCH, origin: "stage:packages" } as const;
  const tree = new FileTree({ ...base, mode: 0o755 });
  const plan = { world: ["odd"], repositories: [], keys: [], tags: {}, scripts: [] };
  let message = "";
  try {
    const context = { ...stageContext(EPOCH), packages: [read] };
    await packagesStage.apply(tree, { kind: "packages", ...plan }, context);
  } catch (error) {
    message = messagesOf(error).join("\n");
  }
  assertEquals(
    message,
    'Cannot install "odd-1-r0": it is built for aarch64, the system for x86_64',
  );
  assertEquals(tree.size, 1);
});
