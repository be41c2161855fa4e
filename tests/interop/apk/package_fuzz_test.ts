import { assert, assertEquals } from "@std/assert";
import { entriesOf } from "../../../lib/apk/entry_table.ts";
import { packIndexArchive, readIndexArchive } from "../../../lib/apk/index_archive.ts";
import { readPackage } from "../../../lib/apk/package_reader.ts";
import type { UnpackedPackage } from "../../../lib/apk/types.ts";
import { TowerError } from "../../../lib/errors.ts";
import { concat } from "../../../lib/bytes/bytes.ts";
import { gunzipMember } from "../../../lib/format/gzip.ts";
import { tarPieces } from "../../../lib/format/tar.ts";
import { readTarFiles } from "../../../lib/format/tar_files.ts";
import { isCanonical, parentOf } from "../../../lib/tree/file_tree.ts";
import {
  samplePackage,
  sampleTree,
  signedPackage,
  streamOf,
  TEST_LIMITS,
} from "../../support/apk/apk_files.ts";
import { MemoryStore } from "../../support/tree/memory_store.ts";
import { type RandomNumbers, randomNumbers } from "../../support/program/random_numbers.ts";
import { TEST_KEY } from "../../support/apk/test_keys.ts";

/** Cases over all tests here; each has a seed of its own that a failure names. */
const CASES = Number(Deno.env.get("TOWER_FUZZ_CASES") ?? 20_000);
const MAX_SECONDS = 5;
const keys = [TEST_KEY.trusted];
const { bytes: PACKAGE } = samplePackage();
const DATA = dataOf(PACKAGE);
const CONTROL = gunzipMember(PACKAGE, gunzipMember(PACKAGE, 0, 1 << 20).end, 1 << 20).content;
const INDEX = packIndexArchive("P:foo\nV:1.0-r0\n\n".repeat(20), "fuzz", TEST_KEY.secret);

/** Bytes that formats give a meaning. */
const TELLING = [0, 1, 0x0a, 0x1f, 0x20, 0x2e, 0x2f, 0x30, 0x37, 0x7f, 0x80, 0x8b, 0xff];

function dataOf(apk: Uint8Array): Uint8Array {
  let at = 0;
  for (let member = 0; member < 2; member++) at = gunzipMember(apk, at, 1 << 20).end;
  return gunzipMember(apk, at, 1 << 20).content;
}

/** One to four changes: bits, telling bytes, cuts, copies and moves of ranges. */
function mutate(bytes: Uint8Array, random: RandomNumbers): Uint8Array {
  let out = bytes.slice();
  for (let changes = 1 + random.below(4); changes > 0 && out.length > 0; changes--) {
    const at = random.below(out.length), length = random.below(Math.min(600, out.length - at) + 1);
    switch (random.below(7)) {
      case 0:
      case 1:
        out[at]! ^= 1 << random.below(8);
        break;
      case 2:
        out[at] = random.pick(TELLING);
        break;
      case 3:
        out = concat([out.subarray(0, at), out.subarray(at + length)]);
        break;
      case 4:
        out = concat([out.subarray(0, at + length), out.subarray(at)]);
        break;
      case 5:
        out = out.slice(0, at);
        break;
      default:
        out.copyWithin(random.below(out.length), at, at + length);
    }
  }
  return out;
}

/** Makes the checksums of tar headers right again, so that changes get past them. */
function sealTar(tar: Uint8Array): Uint8Array {
  for (let at = 0; at + 512 <= tar.length; at += 512) {
    const block = tar.subarray(at, at + 512);
    if (String.fromCharCode(...block.subarray(257, 262)) !== "ustar") continue;
    block.fill(0x20, 148, 156);
    const sum = block.reduce((a, b) => a + b, 0).toString(8).padStart(6, "0");
    new TextEncoder().encodeInto(`${sum}\0`, block.subarray(148));
  }
  return tar;
}

/** Runs cases; each must give a value or a TowerError, in time. Returns how many gave a value. */
async function fuzz<T>(
  name: string,
  share: number,
  run: (random: RandomNumbers) => T | Promise<T>,
  check: (value: T) => void,
): Promise<{ cases: number; accepted: number }> {
  const cases = Math.ceil(CASES * share);
  let accepted = 0;
  for (let seed = 1; seed <= cases; seed++) {
    const start = performance.now();
    try {
      check(await run(randomNumbers(seed)));
      accepted++;
    } catch (error) {
      if (!(error instanceof TowerError)) {
        throw new Error(`${name}, seed ${seed}`, { cause: error });
      }
      assert(["untrusted", "malformed", "limit"].includes(error.code), `${name}, seed ${seed}`);
    }
    const seconds = (performance.now() - start) / 1000;
    assert(seconds < MAX_SECONDS, `${name}, seed ${seed} took ${seconds} s`);
  }
  return { cases, accepted };
}

function read(bytes: Uint8Array, chunk: number): Promise<UnpackedPackage> {
  const data = new MemoryStore().writer();
  return readPackage(streamOf(bytes, chunk), { keys, data, limits: TEST_LIMITS });
}

/** What every accepted package must keep to, whoever signed it. */
function keepsTheRules(got: UnpackedPackage): void {
  const entries = [...entriesOf(got.entries)];
  const types = new Map(entries.map((entry) => [entry.path, entry.type]));
  assertEquals(types.size, entries.length);
  for (const { path, type, target, offset, size } of entries) {
    assert(isCanonical(path), path);
    const parent = parentOf(path);
    assert(parent === "" || types.get(parent) === "directory", path);
    if (type === "hardlink") assertEquals(types.get(target!), "file");
    assert(offset + size <= TEST_LIMITS.data);
  }
}

Deno.test(`changed packages are refused or mean the same (${CASES / 2} cases)`, async () => {
  const good = await read(PACKAGE, 1000);
  const got = await fuzz("package", 1 / 2, (random) => {
    return read(mutate(PACKAGE, random), 1 + random.below(2000));
  }, (value) => assertEquals({ ...value, digest: good.digest, size: good.size }, good));
  assert(got.accepted < got.cases / 10);
});

Deno.test(`well signed but changed members never break the reader's rules (${CASES / 5} cases)`, async () => {
  const got = await fuzz("member", 1 / 5, (random) => {
    const sealed = random.below(4) > 0;
    const change = (tar: Uint8Array) => {
      const changed = mutate(tar, random);
      return sealed ? sealTar(changed) : changed;
    };
    const bytes = random.below(4) > 0
      ? signedPackage({ data: change(DATA) })
      : signedPackage({ data: DATA, control: change(CONTROL) });
    return read(bytes, 4096);
  }, keepsTheRules);
  assert(got.accepted > 0);
});

Deno.test(`changed tar archives are read or refused (${CASES / 5} cases)`, async () => {
  const pieces = tarPieces(sampleTree(), new MemoryStore());
  const tar = concat(Array.from(pieces, (piece) => piece.slice()));
  const got = await fuzz("tar", 1 / 5, (random) => {
    const changed = mutate(tar, random);
    const bytes = random.below(4) > 0 ? sealTar(changed) : changed;
    return readTarFiles(bytes, { entries: 100, header: 4096 });
  }, (files) => {
    for (const { entry, content } of files) assertEquals(content.length, entry.size);
  });
  assert(got.accepted > 0);
});

Deno.test(`changed indexes are refused or mean the same (${CASES / 10} cases)`, async () => {
  const good = readIndexArchive(INDEX, keys);
  const got = await fuzz("index", 1 / 10, (random) => {
    return readIndexArchive(mutate(INDEX, random), keys);
  }, (value) => assertEquals(value, good));
  assert(got.accepted < got.cases / 5);
});
