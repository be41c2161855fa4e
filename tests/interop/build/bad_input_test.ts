import { assertEquals, assertMatch } from "@std/assert";
import { formatIndex } from "../../../lib/apk/index_text.ts";
import { indexedPackageOf } from "../../../lib/apk/package_writer.ts";
import { concat } from "../../../lib/bytes/bytes.ts";
import { exists, listDir } from "../../../lib/files/files.ts";
import { rawTar, signedPackage } from "../../support/apk/apk_files.ts";
import {
  type LabRepository,
  packedPackage,
  SMALL_SYSTEM,
} from "../../support/build/lab_repository.ts";
import { smallManifest, TestProgram } from "../../support/program/test_program.ts";
import { OTHER_KEY, TEST_KEY } from "../../support/apk/test_keys.ts";
import { unfinishedFiles } from "../../support/build/unfinished_files.ts";

const BUILD = ["build", "small.yaml", "--keys", "repository/keys", "--output", "out"];

interface Damage {
  readonly world?: readonly string[];
  readonly damage: (repository: LabRepository) => void;
  /** How the lines of the message begin, from the first on. */
  readonly message: readonly string[];
}

/** Builds from a damaged repository: one message, status 1, nothing half-written. */
async function refused({ damage, message, world = ["hello"] }: Damage): Promise<void> {
  using program = new TestProgram();
  const repository = program.repository();
  program.write("small.yaml", smallManifest(repository.folder, { world }));
  damage(repository);
  const { code, error } = await program.fails(...BUILD);
  assertEquals(code, 1);
  assertEquals(message.map((begin, i) => (error[i] ?? "").slice(0, begin.length)), [...message]);
  assertNothingMade(program);
}

/** A failed build leaves a lock at most, and nothing in the making. */
function assertNothingMade(program: TestProgram): void {
  const made = exists(program.path("out")) ? listDir(program.path("out")) : [];
  assertEquals(made.filter((name) => name !== "small-x86_64.lock.json"), []);
  assertEquals(unfinishedFiles(program.env.dir), []);
}

function change(path: string, edit: (bytes: Uint8Array) => Uint8Array): void {
  Deno.writeFileSync(path, edit(Deno.readFileSync(path)));
}

/** The bytes without the first gzip member, which holds the signature. */
function withoutSignature(bytes: Uint8Array): Uint8Array {
  const magic = [0x1f, 0x8b, 8];
  const start = bytes.findIndex((_, i) => i > 0 && magic.every((b, k) => bytes[i + k] === b));
  return bytes.subarray(start);
}

const flipped = (at: number) => (bytes: Uint8Array) => {
  bytes[at < 0 ? bytes.length + at : at]! ^= 0x10;
  return bytes;
};

const UNKNOWN_KEY = 'no trusted key made it, but "tower-test-2.rsa.pub"';
const index = (damage: Damage["damage"], cause: string): Damage => ({
  damage,
  message: ['error: Cannot use repository "DIR/cwd/repository"', `  because: ${cause}`],
});
const indexBytes = (edit: (bytes: Uint8Array) => Uint8Array, cause: string) =>
  index((r) => change(r.index, edit), cause);

const BAD_INDEXES: Readonly<Record<string, Damage>> = {
  "truncated in the signature": indexBytes(
    (bytes) => bytes.subarray(0, 100),
    "Cannot inflate gzip member: unexpected end of file",
  ),
  "truncated": indexBytes(
    (bytes) => bytes.subarray(0, -50),
    "Cannot inflate gzip member: unexpected end of file",
  ),
  "of no bytes": indexBytes(() => new Uint8Array(), "Cannot trust index: it is not signed"),
  "that is a web page": indexBytes(
    () => new TextEncoder().encode("<html>Log in, please</html>"),
    "Cannot inflate gzip member: its magic number is missing",
  ),
  "with a flipped bit": indexBytes(
    flipped(-100),
    "Cannot inflate gzip member: ",
  ),
  "without a signature": indexBytes(withoutSignature, "Cannot trust index: it is not signed"),
  "with another's signature": index(
    (r) => {
      const signed = Deno.readFileSync(r.index);
      r.publish(formatIndex(r.listed.slice(1)));
      const rest = withoutSignature(Deno.readFileSync(r.index));
      const signature = signed.subarray(0, signed.length - withoutSignature(signed).length);
      Deno.writeFileSync(r.index, concat([signature, rest]));
    },
    'Cannot trust index: the signature by "tower-test-1.rsa.pub" does not match',
  ),
  "signed by an unknown key": index(
    (r) => r.publish(undefined, OTHER_KEY),
    `Cannot trust index: ${UNKNOWN_KEY}`,
  ),
  "that is no index": index(
    (r) => r.publish("P:a\nV:1\nhello\n\n"),
    "Cannot read index line 3: it is not of the form X:value",
  ),
  "without checksums": index(
    (r) => r.publish("P:hello\nV:1\n\n"),
    "Cannot read index line 3: the record before it has no checksum",
  ),
};

for (const [name, damage] of Object.entries(BAD_INDEXES)) {
  Deno.test(`D1: an index ${name} is refused`, () => refused(damage));
}

const hello = (edit: (bytes: Uint8Array) => Uint8Array): Damage["damage"] => (r) =>
  change(r.packagePath("hello"), edit);
const FORMAT = 'error: Cannot read package "hello-2.1-r3": it does not follow the format';
const TRUST = 'error: Cannot read package "hello-2.1-r3": it cannot be trusted';
/** A package of the same size, made later with other contents and the right key. */
function other(original: Uint8Array): Uint8Array {
  for (let i = 0; i < 1000; i++) {
    const text = `#!/bin/sh\necho ${String(i).padStart(5, "h")}\n`;
    const files = { "usr/bin/hello": { text, mode: 0o4755 } };
    const { bytes } = packedPackage({ ...SMALL_SYSTEM[1]!, files }, TEST_KEY);
    if (bytes.length === original.length) return bytes;
  }
  throw new Error("no text gives a package of that size");
}

const BAD_PACKAGES: Readonly<Record<string, Damage>> = {
  "that is truncated": {
    damage: hello((bytes) => bytes.subarray(0, -30)),
    message: [
      FORMAT,
      '  because: Cannot use "DIR/cwd/repository/x86_64/hello-2.1-r3.apk": ' +
      "it has 908 bytes instead of 938",
      "  hint: The source changed or is broken: check it, or make a new lock",
    ],
  },
  "that is missing": {
    damage: (r) => Deno.removeSync(r.packagePath("hello")),
    message: [
      'error: Cannot read "DIR/cwd/repository/x86_64/hello-2.1-r3.apk": ' +
      "there is no such file or folder",
    ],
  },
  "signed by an unknown key": {
    damage: (r) => {
      r.listed = r.listed.filter(({ name }) => name !== "hello");
      r.add(SMALL_SYSTEM[1]!, OTHER_KEY);
      r.publish();
    },
    message: [TRUST, `  because: Cannot trust package "hello-2.1-r3": ${UNKNOWN_KEY}`],
  },
  "without a signature": {
    damage: (r) => {
      change(r.packagePath("hello"), withoutSignature);
      const { size } = Deno.statSync(r.packagePath("hello"));
      r.listed = r.listed.map((p) => p.name === "hello" ? { ...p, size } : p);
      r.publish();
    },
    message: [TRUST, '  because: Cannot trust package "hello-2.1-r3": it is not signed'],
  },
  "that is not the one which the index lists": {
    damage: hello(other),
    message: ['error: Cannot read package "hello-2.1-r3": it is not the one that is expected'],
  },
};

for (const [name, damage] of Object.entries(BAD_PACKAGES)) {
  Deno.test(`D1: a package ${name} is refused`, () => refused(damage));
}

Deno.test("D1: a package with any flipped bit is refused, or only its unsigned padding is", async () => {
  using program = new TestProgram();
  const repository = program.repository();
  program.write("small.yaml", smallManifest(repository.folder));
  const path = repository.packagePath("hello");
  const good = Deno.readFileSync(path);
  // The header of the signature's gzip member is covered by no signature.
  for (let at = 10; at < good.length; at += 37) {
    Deno.writeFileSync(path, flipped(at)(good.slice()));
    Deno.removeSync(program.env.cacheDir, { recursive: true });
    const { code, error } = await program.fails(...BUILD);
    assertEquals(code, 1, `byte ${at}`);
    assertMatch(error[0]!, /^error: Cannot (read|trust) package "hello-2.1-r3": /, `byte ${at}`);
    assertNothingMade(program);
  }
  Deno.writeFileSync(path, good);
  assertEquals((await program.run(...BUILD)).code, 0);
});

Deno.test("a package that inflates beyond measure is refused before it fills the disk", () =>
  refused({
    world: ["bomb"],
    damage(r) {
      const content = { kind: "inline", bytes: new Uint8Array(160 << 20) } as const;
      const base = { mode: 0o644, uid: 0, gid: 0, mtime: 0, origin: "stage:test" } as const;
      const tar = rawTar([{ ...base, type: "file", path: "zeros", content }]);
      const info = (hash: string) =>
        `pkgname = bomb\npkgver = 1\narch = x86_64\ndatahash = ${hash}\n`;
      const bytes = signedPackage({ data: tar, info: info("0".repeat(64)) });
      r.addBytes(indexedPackageOf(bytes, bytes.length, 1 << 20), bytes);
      r.publish();
    },
    message: ['error: Cannot read package "bomb-1": its data has over '],
  }));

Deno.test("files that two packages claim are refused with both names", () =>
  refused({
    world: ["hello", "rival"],
    damage(r) {
      r.add({ name: "rival", files: { "usr/bin/hello": "mine" } });
      r.publish();
    },
    message: [
      'error: Cannot install the packages: "/usr/bin/hello" of rival-1.0-r0 meets hello-2.1-r3: ' +
      "neither replaces the other",
      "  hint: Leave one of the packages out, or use versions where one `replaces` the other",
    ],
  }));

Deno.test("a script that nobody decided about is refused with the lines to decide by", () =>
  refused({
    world: ["odd"],
    damage(r) {
      const scripts = { "post-install": "#!/bin/sh\ncurl http://example.org | sh\n" };
      r.add({ name: "odd", files: { odd: "x" }, scripts });
      r.publish();
    },
    message: [
      "error: Cannot run a package script: there is no native handler",
      '  odd post-install: "curl http://example.org" has no native form',
      "  hint: Decide in the manifest's packages stage, with `skip` or `first-boot`:",
      "scripts:",
      '  - { package: odd, script: post-install, do: skip, reason: "..." }',
    ],
  }));

Deno.test("an index that lists a package twice, or under two checksums, takes the first", async () => {
  using program = new TestProgram();
  const repository = program.repository();
  program.write("small.yaml", smallManifest(repository.folder));
  const first = repository.listed[1]!;
  const twin = { ...first, identity: repository.listed[0]!.identity };
  repository.publish(formatIndex([...repository.listed, first, twin]));
  const { code, err } = await program.run(...BUILD);
  assertEquals(code, 0, err);
});

Deno.test("D2: a package that changed since the lock is refused, even with a good signature", async () => {
  using program = new TestProgram();
  const repository = program.repository();
  program.write("small.yaml", smallManifest(repository.folder));
  await program.run("lock", ...BUILD.slice(1));
  Deno.removeSync(program.env.cacheDir, { recursive: true });
  hello(other)(repository);
  const { code, error } = await program.fails(...BUILD);
  assertEquals(code, 1);
  assertMatch(error[0]!, /package "hello-2\.1-r3": it is not the one that is expected/);
  assertNothingMade(program);
});

Deno.test("keys that are missing, none, or no keys are refused", async () => {
  using program = new TestProgram();
  const { folder } = program.repository();
  program.write("small.yaml", smallManifest(folder));
  assertEquals(await program.fails("build", "small.yaml"), {
    code: 2,
    error: [
      "error: Cannot trust any package: no key is given",
      "  hint: name the folder with the repository's public keys: --keys DIR",
    ],
  });
  const withKeys = () => program.fails("build", "small.yaml", "--keys", "keys");
  const told = (line: string) => ({ code: 1, error: [line] });
  assertEquals(
    await withKeys(),
    told('error: Cannot list "DIR/cwd/keys": there is no such file or folder'),
  );
  program.write("keys/readme", "no key");
  assertEquals(await withKeys(), told('error: Cannot find a public key (*.pub) in "DIR/cwd/keys"'));
  program.write("keys/bad.pub", "no key");
  const { error } = await withKeys();
  assertEquals(error[0], 'error: Cannot load key "bad.pub": it is no public key in PEM');
});
