import { concat, memorySource } from "../../../lib/bytes/bytes.ts";
import { signaturesOf, withSignature } from "../../../lib/format/pe/certificate_table.ts";
import { readPe } from "../../../lib/format/pe/headers.ts";
import { imageDigest } from "../../../lib/format/pe/image_digest.ts";
import { type Certificate, readCertificate } from "../../../lib/pki/certificate.ts";
import { loadRsaSigner, type RsaSigner } from "../../../lib/pki/rsa_key.ts";
import { selfSigned } from "../../../lib/pki/self_signed.ts";
import { authenticode, toBeSigned } from "../../../lib/secure_boot/authenticode.ts";
import { OTHER_KEY, TEST_KEY } from "../apk/test_keys.ts";

/** A key with the certificate that it made of itself. */
export interface CertifiedKey {
  readonly pem: string;
  readonly key: RsaSigner;
  readonly certificate: Certificate;
}

export const SIGNER: CertifiedKey = certified(TEST_KEY.secret.pem, "Test db");
export const STRANGER: CertifiedKey = certified(OTHER_KEY.secret.pem, "Other db");

function certified(pem: string, commonName: string): CertifiedKey {
  const key = loadRsaSigner(pem, commonName);
  const wish = { commonName, notBefore: 1_704_067_200, notAfter: 2_524_607_999 };
  return { pem, key, certificate: readCertificate(selfSigned(key, wish), commonName) };
}

/** A program as it was, with a signature. */
export function signedPe(
  bytes: Uint8Array,
  { key, certificate }: Pick<CertifiedKey, "key" | "certificate"> = SIGNER,
): Uint8Array<ArrayBuffer> {
  const pe = readPe(memorySource(bytes));
  const digest = imageDigest(pe);
  const signature = authenticode(digest, certificate, key.sign(toBeSigned(digest)));
  const { headers, bodyEnd, tail } = withSignature(pe, signature);
  return concat([headers, bytes.subarray(headers.length, bodyEnd), tail]);
}

/** The SignedData of the only signature of a program. */
export function onlySignature(bytes: Uint8Array): Uint8Array {
  const [first, ...others] = signaturesOf(readPe(memorySource(bytes)));
  if (first === undefined || others.length > 0) throw new Error("not one signature");
  return first;
}
