import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { TowerError } from "../errors.ts";
import { OTHER_KEY, TEST_KEY } from "../../tests/support/apk/test_keys.ts";
import { randomNumbers } from "../../tests/support/program/random_numbers.ts";
import { digestOf } from "../bytes/digest.ts";
import { readCertificate } from "./certificate.ts";
import { pemOf } from "./pem.ts";
import { isSignedBy, loadRsaSigner } from "./rsa_key.ts";
import { selfSigned } from "./self_signed.ts";

const key = loadRsaSigner(TEST_KEY.secret.pem, "key");
const WISH = { commonName: "Grüße db", notBefore: 1_700_000_000, notAfter: 2_600_000_000 };

Deno.test("a certificate says what was asked for, of its own key, the same bytes each time", () => {
  const bytes = selfSigned(key, WISH);
  assertEquals(
    digestOf(bytes),
    "sha256:b9b14951a6c7188ece2bcd51fa3f621f39b4bbfcfeaae998a3f50e8a0fb430b3",
  );
  const read = readCertificate(bytes, "x");
  assertEquals(read.commonName, "Gr??e db");
  assertEquals(read.notBefore, WISH.notBefore);
  assertEquals(read.publicKey, key.publicKey);
  assertEquals(readCertificate(new TextEncoder().encode(pemOf(bytes, "CERTIFICATE")), "x"), read);
  const other = selfSigned(loadRsaSigner(OTHER_KEY.secret.pem, "key"), WISH);
  assert(readCertificate(other, "x").serial.toHex() !== read.serial.toHex());
});

Deno.test("a certificate of any century tells when it begins", () => {
  for (const date of ["1950-01-01", "1999-12-31", "2049-12-31", "2050-01-01"]) {
    const notBefore = Date.parse(`${date}T01:02:03Z`) / 1000;
    const bytes = selfSigned(key, { ...WISH, notBefore, notAfter: 4_000_000_000 });
    assertEquals(readCertificate(bytes, "x").notBefore, notBefore, date);
  }
});

Deno.test("what is no certificate is refused by name", () => {
  const refuses = (bytes: Uint8Array, message: string) =>
    assertEquals(
      assertThrows(() => readCertificate(bytes, 'certificate "x"'), TowerError).message,
      `Cannot read certificate "x": ${message}`,
    );
  const bytes = selfSigned(key, WISH);
  refuses(new Uint8Array(), "it is neither DER nor one block of PEM");
  refuses(new TextEncoder().encode("hello"), "it is neither DER nor one block of PEM");
  const twice = pemOf(bytes, "CERTIFICATE").repeat(2);
  refuses(new TextEncoder().encode(twice), "it is neither DER nor one block of PEM");
  refuses(bytes.subarray(0, 100), "it ends too early");
  refuses(new Uint8Array([...bytes, 0]), "bytes follow it");
  refuses(new Uint8Array(65537), "it is too long");
});

Deno.test("changed certificates end in a TowerError or a value", () => {
  const random = randomNumbers(8);
  const original = selfSigned(key, WISH);
  for (let i = 0; i < 20_000; i++) {
    const bytes = original.slice();
    for (let n = random.below(4); n >= 0; n--) {
      bytes[random.below(bytes.length)] = random.below(256);
    }
    const cut = random.below(4) === 0 ? bytes.subarray(0, random.below(bytes.length)) : bytes;
    try {
      readCertificate(cut, "x");
    } catch (error) {
      assert(error instanceof TowerError, `case ${i}: ${error}`);
    }
  }
});

Deno.test("a key that firmware may not know, and one that nobody can use here, are refused", () => {
  const hints = ["encrypted", "it is no private key in PEM", "it is no private key in PEM"];
  const texts = [
    "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
    "",
    "-----BEGIN PRIVATE KEY-----\nSECRET\n-----END PRIVATE KEY-----\n",
  ];
  texts.forEach((text, i) => {
    const error = assertThrows(() => loadRsaSigner(text, 'key "k"'), TowerError);
    assertStringIncludes(error.message, 'Cannot use key "k": ');
    assertStringIncludes(error.message, hints[i]!);
    assertEquals(error.cause, undefined);
  });
});

Deno.test("a signature fits its message and its key alone", () => {
  const message = new TextEncoder().encode("message");
  const signature = key.sign(message);
  assertEquals(signature.length, 256);
  assertEquals(key.sign(message), signature);
  assert(isSignedBy(key.publicKey, message, signature));
  assert(!isSignedBy(key.publicKey, new TextEncoder().encode("other"), signature));
  assert(!isSignedBy(loadRsaSigner(OTHER_KEY.secret.pem, "k").publicKey, message, signature));
  assert(!isSignedBy(new Uint8Array([1, 2, 3]), message, signature));
});
