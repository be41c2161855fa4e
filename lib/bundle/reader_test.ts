import { assert, assertEquals, assertThrows } from "@std/assert";
import { concat, memorySource } from "../bytes/bytes.ts";
import { TowerError } from "../errors.ts";
import { FILE_NAMESPACE, signMessage } from "../ssh_signature/signature.ts";
import { privateKeyFile, readPrivateKeyFile } from "../ssh_signature/private_key.ts";
import type { PublicKey } from "../ssh_signature/public_key.ts";
import { DOCUMENT_FILE, formatDocument } from "./document.ts";
import { HEAD_FILES, headerOf } from "./layout.ts";
import { readBundle } from "./reader.ts";
import { bundledBytes, type BundledFile, bundlePieces, bundleSums } from "./writer.ts";

const SEED = 20261128;
const KEY = signingKey(1), OTHER = signingKey(2);

function signingKey(byte: number) {
  const file = privateKeyFile(new Uint8Array(32).fill(byte), "test");
  const key = readPrivateKeyFile(file, "test");
  if (key.kind !== "ed25519") throw new Error("it is no ed25519 key");
  const trusted: PublicKey = { type: "ssh-ed25519", blob: key.blob, comment: "" };
  return { key, trusted };
}

const encode = (text: string) => new TextEncoder().encode(text);
const DOCUMENT = bundledBytes(
  DOCUMENT_FILE,
  encode(formatDocument({
    format: 1,
    for: [{ host: "vault", arch: "x86_64", packages: ["wget"] }],
    repositories: [{ url: "https://example.org/main", arch: "x86_64" }],
  })),
);
const INDEX = "repositories/0/x86_64/APKINDEX.tar.gz";
const FILES: readonly BundledFile[] = [
  DOCUMENT,
  bundledBytes("keys/a.rsa.pub", encode("a key")),
  bundledBytes(INDEX, encode("an index")),
  bundledBytes("repositories/0/x86_64/wget-1.0-r0.apk", new Uint8Array(700).fill(7)),
];

function pack(files = FILES, { sums = bundleSums(files), key = KEY.key } = {}): Uint8Array {
  const signature = signMessage(key, FILE_NAMESPACE, sums);
  return concat(Array.from(bundlePieces(files, sums, signature), (piece) => piece.slice()));
}

/** All that it says, contents too. */
function readAll(bytes: Uint8Array, keys: readonly PublicKey[] | undefined = [KEY.trusted]) {
  const bundle = readBundle(memorySource(bytes), '"b"', keys);
  const contents = Array.from(bundle.files.keys(), (name) => [
    name,
    concat(Array.from(bundle.read(name), (piece) => piece.slice())).toHex(),
  ]);
  return { document: bundle.document, contents };
}

const GOOD = pack();

Deno.test("a bundle is read as it was written, and the order of its files decides nothing", () => {
  assertEquals(pack([...FILES].reverse()), GOOD);
  const { document, contents } = readAll(GOOD);
  assertEquals(document.for[0]!.packages, ["wget"]);
  assertEquals(contents.map(([name]) => name), FILES.map(({ name }) => name));
  assertEquals(readAll(GOOD, undefined).contents, contents);
});

Deno.test("a bundle that another key signed, or nobody, is not trusted", () => {
  const refused = (bytes: Uint8Array, says: string) =>
    assertThrows(() => readAll(bytes), TowerError, says);
  refused(pack(FILES, { key: OTHER.key }), "which is not trusted");
  const sums = bundleSums(FILES);
  const head = [headerOf(HEAD_FILES[0], sums.length), sums, new Uint8Array(-sums.length & 511)];
  const rest = GOOD.subarray(concat(head).length + 1024);
  refused(concat([...head, rest]), "it is no bundle");
  refused(concat([...head, headerOf(HEAD_FILES[1], 0), rest]), "it is no SSH signature");
  refused(new Uint8Array(), "it is cut off");
});

Deno.test("what nobody would write is refused, though it is signed", () => {
  const add = (name: string, size = 1) => {
    const more = { ...bundledBytes(name, new Uint8Array(size)), name };
    return [...FILES, more];
  };
  const lines = (files: readonly BundledFile[]) =>
    encode(
      files.map(({ name, digest }) => `${digest.slice(7)}  ${name}\n`).sort().join(""),
    );
  const refused = (files: readonly BundledFile[], says: string, sums?: Uint8Array) =>
    assertThrows(
      () => readAll(pack(files, sums === undefined ? {} : { sums: sums as never })),
      TowerError,
      says,
    );
  for (
    const name of ["../etc/passwd", "/etc/passwd", "keys/../x", "keys/.x", "a", "repositories/0"]
  ) {
    assertThrows(() => bundleSums(add(name)), TowerError, "its name is too odd");
    refused(add(name), "a file that no bundle has", lines(add(name)));
  }
  refused(add("repositories/1/x86_64/a.apk"), "is of no repository");
  refused(add("repositories/0/armv7/a.apk"), "is of no repository");
  refused(FILES.slice(1), "it does not say what it is for");
  refused(FILES.filter(({ name }) => name !== INDEX), `it lacks "${INDEX}"`);
  const sums = new TextDecoder().decode(bundleSums(FILES));
  refused(FILES, "not in order", encode(sums.split("\n").toReversed().slice(1).join("\n") + "\n"));
  refused(FILES, "not in order", encode(sums.replace("  ", " *")));
  refused(FILES, "not in order", encode(sums + sums.split("\n").at(-2) + "\n"));
  refused([...FILES, FILES[1]!], "not in order");
});

Deno.test("a size that would fill memory is refused before a byte of it is read", () => {
  const refused = (bytes: Uint8Array, says: string) =>
    assertThrows(() => readAll(bytes), TowerError, says);
  refused(concat([headerOf(HEAD_FILES[0], 8 ** 11 - 1), GOOD]), "has more than 4194304 bytes");
  refused(concat([headerOf(HEAD_FILES[0], 4 << 20), GOOD]), "it is cut off");
});

Deno.test("what is written is what was verified", () => {
  const [first, ...rest] = FILES;
  const changed = { ...first!, open: () => memorySource(encode("something else")) };
  assertThrows(() => pack([changed, ...rest]), TowerError, "changed on this machine");
});

Deno.test(`a damaged bundle says the same or is refused, seed ${SEED}`, () => {
  const good = JSON.stringify(readAll(GOOD));
  let state = SEED;
  const random = (below: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor(state / 2 ** 32 * below);
  };
  let refused = 0;
  const judge = (bytes: Uint8Array) => {
    try {
      assertEquals(JSON.stringify(readAll(bytes)), good);
    } catch (error) {
      if (!(error instanceof TowerError)) throw error;
      refused++;
    }
  };
  const blocks = GOOD.length / 512;
  for (let i = 0; i < GOOD.length; i++) {
    const bytes = GOOD.slice();
    bytes[i]! ^= 1 << random(8);
    judge(bytes);
  }
  // Of the signature's text a line's end may be another.
  assert(refused > GOOD.length - 16, `${refused} of ${GOOD.length}`);
  const blockAt = (i: number) => GOOD.subarray(512 * i, 512 * i + 512);
  const all = Array.from({ length: blocks }, (_, i) => blockAt(i));
  refused = 0;
  const changes = 1500;
  for (let i = 0; i < changes; i++) {
    const from = random(blocks), to = random(blocks), kind = random(5);
    const mixed = [...all];
    if (kind === 0) mixed.splice(from, 1 + random(3));
    else if (kind === 1) mixed.splice(to, 0, all[from]!);
    else if (kind === 2) [mixed[from], mixed[to]] = [mixed[to]!, mixed[from]!];
    else if (kind === 3) mixed.length = from;
    const bytes = concat(mixed);
    judge(kind === 4 ? concat([bytes, new Uint8Array(1 + random(2048))]) : bytes);
  }
  assert(refused > changes / 2, `${refused} of ${changes}`);
  for (let length = 0; length < GOOD.length; length += 64) {
    assertThrows(() => readAll(GOOD.subarray(0, length)), TowerError);
  }
});
