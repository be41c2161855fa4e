import { assertEquals, assertThrows } from "@std/assert";
import { OTHER_KEY, TEST_KEY } from "../../tests/support/apk/test_keys.ts";
import { TowerError } from "../errors.ts";
import { concat } from "../bytes/bytes.ts";
import { gunzipMember, gzip } from "../format/gzip.ts";
import { tarEnd } from "../format/tar.ts";
import { packIndexArchive, readIndexArchive } from "./index_archive.ts";
import { packSignature, tarFile } from "./package_writer.ts";

const TEXT = "P:foo\nV:1.0-r0\n\nP:bar\nV:2\n\n";
const keys = [TEST_KEY.trusted];
const index = packIndexArchive(TEXT, "main v1", TEST_KEY.secret);
const member = index.subarray(gunzipMember(index, 0, 1 << 20).end);

function refuses(bytes: Uint8Array, code: string, cause: string): void {
  assertEquals(assertThrows(() => readIndexArchive(bytes, keys), TowerError, cause).code, code);
}

/** A well signed index of any tar. */
function signedIndex(tar: Uint8Array): Uint8Array {
  const rest = gzip(tar, 6);
  return concat([packSignature(rest, TEST_KEY.secret, 0), rest]);
}

Deno.test("an index comes back with its text, description and key", () => {
  const { name, digest } = TEST_KEY.trusted;
  const want = { indexText: TEXT, description: "main v1", signedBy: { name, digest } };
  assertEquals(readIndexArchive(index, keys), want);
});

Deno.test("the same index has the same bytes", () =>
  assertEquals(index, packIndexArchive(TEXT, "main v1", TEST_KEY.secret)));

Deno.test("one trusted signature among several is enough", () => {
  const other = packSignature(member, OTHER_KEY.secret, 0);
  assertEquals(readIndexArchive(concat([other, index]), keys).indexText, TEXT);
  refuses(concat([other, member]), "untrusted", "no trusted key");
});

Deno.test("an unsigned index is refused, small or large, and nothing at all too", () => {
  refuses(member, "untrusted", "not signed");
  refuses(gzip(new Uint8Array(1 << 20), 6), "untrusted", "not signed");
  refuses(new Uint8Array(), "untrusted", "not signed");
});

Deno.test("a changed, cut or longer index is refused", () => {
  for (let at = 10; at < index.length; at++) {
    const bad = index.slice();
    bad[at]! ^= 0x10;
    let got;
    try {
      got = readIndexArchive(bad, keys);
    } catch (error) {
      if (error instanceof TowerError) continue;
      throw error;
    }
    assertEquals(got.indexText, TEXT);
  }
  for (let length = 0; length < index.length; length += 7) {
    assertThrows(() => readIndexArchive(index.subarray(0, length), keys), TowerError);
  }
  refuses(concat([index, Uint8Array.of(0)]), "untrusted", "does not match");
});

Deno.test("an index of other files, or without its own, is malformed", () => {
  const file = (name: string) => tarFile(name, new TextEncoder().encode("x"), 0o644, 0);
  refuses(signedIndex(concat([file("DESCRIPTION"), tarEnd()])), "malformed", "no file");
  refuses(signedIndex(concat([file("APKINDEX"), file("../x")])), "malformed", "must not have");
  refuses(signedIndex(concat([file("APKINDEX"), file("APKINDEX")])), "malformed", "must not have");
  assertEquals(readIndexArchive(signedIndex(file("APKINDEX")), keys).description, "");
});
