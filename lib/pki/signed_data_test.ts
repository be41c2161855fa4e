import { assertEquals, assertThrows } from "@std/assert";
import { TowerError } from "../errors.ts";
import { SIGNER } from "../../tests/support/format/signed_pe.ts";
import { concat } from "../bytes/bytes.ts";
import { RSA, SHA256 } from "./algorithms.ts";
import { contextTag, der, NULL, objectId, octetString, sequence, setOf, small } from "./der.ts";
import {
  basicAttributes,
  inContentInfo,
  readSignedData,
  signedAttributes,
  signedData,
} from "./signed_data.ts";

const TYPE = objectId("1.2.3");
const CONTENT = sequence(small(5));
const DIGEST = new Uint8Array(32).fill(6);
const SIGNATURE = new Uint8Array(256).fill(7);
const { certificate } = SIGNER;
const contentInfo = sequence(TYPE, der(contextTag(0), CONTENT));
const attributes = basicAttributes(TYPE, DIGEST);
const whole = signedData({ contentInfo, attributes, certificate, signature: SIGNATURE });

/** Signed data with a signer of other fields than ours. */
function withSigners(...signers: Uint8Array[]): Uint8Array {
  const certificates = der(contextTag(0), certificate.der);
  return sequence(small(1), setOf(SHA256), contentInfo, certificates, setOf(...signers));
}
const signer = (signed: readonly Uint8Array[], algorithm = SHA256) =>
  sequence(
    small(1),
    sequence(certificate.issuer, certificate.serial),
    algorithm,
    der(contextTag(0), concat(signed)),
    RSA,
    octetString(SIGNATURE),
  );

Deno.test("what was written is read: content, certificate, and what the signature is of", () => {
  const read = readSignedData(whole);
  assertEquals(read.contentType, TYPE);
  assertEquals(read.content!.encoded, CONTENT);
  assertEquals(read.certificates, [certificate.der]);
  assertEquals(read.signers, [{
    issuer: certificate.issuer,
    serial: certificate.serial,
    signature: SIGNATURE,
    attributes: { signed: signedAttributes(attributes), contentType: TYPE, digest: DIGEST },
  }]);
  // Versions are 1, as PKCS#7 has them (RFC 2315, §9.1).
  assertEquals(whole.subarray(4, 7).toHex(), "020101");
  assertEquals(signedAttributes(attributes)[0], 0x31);
});

Deno.test("it may stand in a ContentInfo, and zeros may follow it; nothing else may", () => {
  const read = readSignedData(whole);
  assertEquals(readSignedData(inContentInfo(whole)), read);
  assertEquals(readSignedData(concat([inContentInfo(whole), new Uint8Array(9)])), read);
  const refuses = (bytes: Uint8Array, message: string) =>
    assertEquals(
      assertThrows(() => readSignedData(bytes), TowerError).message,
      `Cannot read signature: ${message}`,
    );
  refuses(concat([whole, new Uint8Array([0, 0, 1])]), "bytes follow it");
  refuses(
    sequence(objectId("1.2.840.113549.1.7.3"), der(contextTag(0), whole)),
    "it is no SignedData",
  );
  refuses(whole.subarray(0, 100), "it ends too early");
  refuses(sequence(NULL), "a value is of type 5 where 2 must be");
});

Deno.test("without attributes and content a signature is of what stands elsewhere", () => {
  const bare = signedData({ contentInfo: sequence(TYPE), certificate, signature: SIGNATURE });
  const read = readSignedData(bare);
  assertEquals(read.content, undefined);
  assertEquals(read.signers.map(({ attributes }) => attributes), [undefined]);
});

Deno.test("attributes are there once, and signers few; other digests than SHA-256 say nothing", () => {
  const [type, digest] = attributes as [Uint8Array, Uint8Array];
  const other = sequence(objectId("1.2.840.113549.1.9.5"), setOf(small(1)));
  assertEquals(readSignedData(withSigners(signer([type, other, digest]))).signers.length, 1);
  const refused = [[type], [digest], [type, digest, digest], [type, type, digest]];
  for (const signed of refused) {
    assertThrows(
      () => readSignedData(withSigners(signer(signed))),
      TowerError,
      "a signed attribute is missing or there twice",
    );
  }
  const twoValues = sequence(objectId("1.2.840.113549.1.9.4"), setOf(octetString(DIGEST), NULL));
  assertThrows(() => readSignedData(withSigners(signer([type, twoValues]))), TowerError);
  const sha1 = sequence(objectId("1.3.14.3.2.26"), NULL);
  assertEquals(readSignedData(withSigners(signer(attributes, sha1))).signers, []);
  assertEquals(readSignedData(withSigners(...Array(8).fill(signer(attributes)))).signers.length, 8);
  assertThrows(
    () => readSignedData(withSigners(...Array(9).fill(signer(attributes)))),
    TowerError,
    "it has too many signers",
  );
});
