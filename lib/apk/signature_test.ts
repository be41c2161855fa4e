import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { createPublicKey, generateKeyPairSync, sign } from "node:crypto";
import { OTHER_KEY, TEST_KEY } from "../../tests/support/apk/test_keys.ts";
import { TowerError } from "../errors.ts";
import { loadPrivateKey, loadTrustedKey, signBytes, verifySignature } from "./signature.ts";

const signed = new TextEncoder().encode("control member");
const { name, pem, digest } = TEST_KEY.trusted;
const check = (entry: string, bytes: Uint8Array, over = signed) =>
  verifySignature("package", [{ entry, bytes }], over, [OTHER_KEY.trusted, TEST_KEY.trusted]);
const made = (hash: string) => new Uint8Array(sign(hash, signed, TEST_KEY.secret.pem));

Deno.test("signatures with SHA-1, SHA-256 and SHA-512 are checked under their own name", () => {
  const kinds = [["RSA", "RSA-SHA1"], ["RSA256", "RSA-SHA256"], ["RSA512", "RSA-SHA512"]] as const;
  for (const [kind, hash] of kinds) {
    assertEquals(check(`.SIGN.${kind}.${name}`, made(hash)), { name, digest });
    for (const [other] of kinds) {
      if (other === kind) continue;
      assertThrows(() => check(`.SIGN.${other}.${name}`, made(hash)), TowerError, "does not match");
    }
  }
});

Deno.test("a signature of ours is one that apk knows, and the same each time", () => {
  const signature = signBytes(signed, TEST_KEY.secret);
  assertEquals(signature.entry, `.SIGN.RSA.${name}`);
  assertEquals(signature, signBytes(signed, TEST_KEY.secret));
  assertEquals(check(signature.entry, signature.bytes).name, name);
});

Deno.test("wrong bytes, an empty signature and another key's are untrusted", () => {
  const signature = made("RSA-SHA1"), entry = `.SIGN.RSA.${name}`;
  const error = assertThrows(() => check(entry, signature, signed.subarray(1)), TowerError);
  assertEquals(error.code, "untrusted");
  assertThrows(() => check(entry, new Uint8Array()), TowerError, "does not match");
  assertThrows(() => check(entry, new Uint8Array(4096)), TowerError, "does not match");
  assertThrows(() => check(`.SIGN.RSA.${OTHER_KEY.trusted.name}`, signature), TowerError);
});

Deno.test("unknown kinds and keys do not count, and names with a slash are refused", () => {
  const signature = made("RSA-SHA1");
  for (const entry of [".SIGN.DSA.k.pub", ".SIGN.constructor.k", `.SIGN.RSA.none-${name}`]) {
    const error = assertThrows(() => check(entry, signature), TowerError);
    assertEquals(error.code, "untrusted");
  }
  assertThrows(() => check(`.SIGN.RSA.../${name}`, signature), TowerError, "names no key");
  assertThrows(() => check(".SIGN.RSA.", signature), TowerError, "names no key");
  assertThrows(
    () => verifySignature("x", [], signed, [TEST_KEY.trusted]),
    TowerError,
    "not signed",
  );
});

Deno.test("a signature by another key of a trusted key's owner is told apart from a stranger's", () => {
  const hintFor = (file: string) =>
    assertThrows(() => check(`.SIGN.RSA.${file}`, made("RSA-SHA1")), TowerError).hint ?? "";
  assertStringIncludes(hintFor("tower-test-0.rsa.pub"), "another architecture");
  for (const stranger of ["tower-0.rsa.pub", "tower-test.rsa.pub", "x-tower-test-0.rsa.pub"]) {
    assertStringIncludes(hintFor(stranger), "Add that key");
  }
});

Deno.test("keys load as SubjectPublicKeyInfo and as PKCS#1", () => {
  const pkcs1 = createPublicKey(pem).export({ type: "pkcs1", format: "pem" }).toString();
  const key = loadTrustedKey(name, pkcs1);
  const got = verifySignature("x", [signBytes(signed, TEST_KEY.secret)], signed, [key]);
  assertEquals(got.digest, key.digest);
});

Deno.test("weak keys, other keys, secret keys and odd names are refused", () => {
  const weak = generateKeyPairSync("rsa", { modulusLength: 1024 }).publicKey;
  const curve = generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey;
  for (const key of [weak, curve]) {
    const text = key.export({ type: "spki", format: "pem" }).toString();
    assertThrows(() => loadTrustedKey("a.pub", text), TowerError, "no RSA key of 2048");
  }
  for (const text of ["", "x", TEST_KEY.secret.pem, pem.replace("MII", "AAA")]) {
    assertThrows(() => loadTrustedKey("a.pub", text), TowerError, "no public key");
  }
  for (const bad of ["", "a/b.pub", "../a.pub", ".pub", "a\x1b.pub", "-a.pub"]) {
    assertThrows(() => loadTrustedKey(bad, pem), TowerError, "plain file name");
  }
});

Deno.test("a signing key is an RSA private key of a plain name, without a passphrase", () => {
  const { secret, trusted } = TEST_KEY;
  assertEquals(loadPrivateKey(secret.name, secret.pem), secret);
  const refused = (name: string, pem: string) =>
    assertEquals(assertThrows(() => loadPrivateKey(name, pem), TowerError).code, "malformed");
  refused("../x", secret.pem);
  refused("x", trusted.pem);
  refused("x", "");
  const { privateKey } = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "x" },
  });
  refused("x", privateKey);
});
