import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { TowerError } from "../errors.ts";
import { privateKeyFile, readPrivateKeyFile } from "./private_key.ts";
import { armored, unarmored } from "./wire.ts";
import { FILE_NAMESPACE, signMessage, verifyMessage } from "./signature.ts";

Deno.test("a key that was made here is read, and signs", () => {
  // RFC 8032, 7.1, test 1.
  const seed = Uint8Array.fromHex(
    "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
  );
  const text = privateKeyFile(seed, "mine");
  assertMatch(text, /^-----BEGIN OPENSSH PRIVATE KEY-----\n/);
  const key = readPrivateKeyFile(text, "key");
  assert(key.kind === "ed25519");
  assertEquals(
    key.blob.slice(-32).toHex(),
    "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
  );
  const message = new TextEncoder().encode("hello");
  const keys = [{ type: "ssh-ed25519", blob: key.blob, comment: "" }];
  const signature = signMessage(key, FILE_NAMESPACE, message);
  verifyMessage(signature, "hello", message, { namespace: FILE_NAMESPACE, keys });
});

const LABEL = "OPENSSH PRIVATE KEY";
const seedOf = (byte: number) => new Uint8Array(32).fill(byte);

Deno.test("a key is padded to eight bytes with 1, 2, 3, whatever its comment", () => {
  for (let length = 0; length <= 16; length++) {
    const text = privateKeyFile(seedOf(7), "c".repeat(length));
    const bytes = unarmored(text, LABEL)!;
    // What is before the secret has 98 bytes, and that 131 and the comment.
    const padding = bytes.subarray(98 + 131 + length);
    assertEquals([...padding], [1, 2, 3, 4, 5, 6, 7].slice(0, padding.length));
    assertEquals((bytes.length - 98) % 8, 0, `${length}`);
    assertEquals(readPrivateKeyFile(text, "key").kind, "ed25519");
  }
});

Deno.test("a key of which a part is another key's, or damaged, is refused", () => {
  const good = unarmored(privateKeyFile(seedOf(7), "mine"), LABEL)!;
  const other = unarmored(privateKeyFile(seedOf(8), "mine"), LABEL)!;
  const faultOf = (bytes: Uint8Array): string => {
    const text = armored(bytes, LABEL);
    return assertThrows(() => readPrivateKeyFile(text, "key"), TowerError).message;
  };
  const mixed = (from: number, to: number) => {
    const bytes = good.slice();
    bytes.set(other.subarray(from, to), from);
    return bytes;
  };
  // The public part, then what lies beside the secret, the secret itself, and what follows it.
  const parts = [[62, 94], [125, 157], [161, 193], [193, 225]] as const;
  for (const [from, to] of parts) {
    assertMatch(faultOf(mixed(from, to)), /its public part is of another key$/, `${from}`);
  }
  const changed = (at: number, value: number) => good.with(at, value);
  // Strings that take a byte from what follows them, or leave it one.
  assertMatch(faultOf(changed(124, 31)), /its lengths are wrong$|ends too early$/);
  const moved = (at: number, by: number) => changed(at, good[at]! + by);
  assertMatch(faultOf(moved(160, -1)), /its lengths are wrong$/);
  assertMatch(faultOf(changed(good.length - 1, 9)), /its padding is wrong$/);
  assertMatch(faultOf(good.subarray(0, -1)), /it ends too early$/);
  assertMatch(faultOf(new Uint8Array([...good, 0])), /bytes follow it$/);
  assertMatch(faultOf(changed(0, 0)), /its magic number is missing$/);
  assertMatch(faultOf(changed(98, 1)), /its check numbers differ$/);
});
