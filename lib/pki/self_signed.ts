import { SHA256_WITH_RSA } from "./algorithms.ts";
import { sha256 } from "../bytes/sha256.ts";
import {
  bitString,
  contextTag,
  der,
  objectId,
  octetString,
  sequence,
  setOf,
  small,
  time,
  TRUE,
  unsigned,
  utf8String,
} from "./der.ts";
import type { RsaSigner } from "./rsa_key.ts";

/** What a certificate says of its key. */
export interface CertificateWish {
  /** 1 to 64 characters (RFC 5280, appendix A.1). */
  readonly commonName: string;
  /** Seconds since 1970, both included. */
  readonly notBefore: number;
  readonly notAfter: number;
}

/**
 * An X.509 certificate of version 3 that a key makes of itself (RFC 5280): as DER, the same bytes for
 * the same key and wish. Its serial number comes from its key, as does the name of the key: 160 bits
 * of the SHA-256 (RFC 7093, §2, method 1).
 */
export function selfSigned(key: RsaSigner, wish: CertificateWish): Uint8Array {
  const keyName = sha256(key.publicKey).subarray(0, 20);
  const serial = keyName.subarray(0, 16).slice();
  // Positive, and never shorter for a key whose digest begins with zeros.
  serial[0] = serial[0]! & 0x3f | 0x40;
  const name = sequence(setOf(sequence(objectId("2.5.4.3"), utf8String(wish.commonName))));
  const content = sequence(
    der(contextTag(0), small(2)), // version 3
    unsigned(serial),
    SHA256_WITH_RSA,
    name,
    sequence(time(wish.notBefore), time(wish.notAfter)),
    name,
    key.publicKey,
    der(contextTag(3), sequence(...extensions(keyName))),
  );
  return sequence(content, SHA256_WITH_RSA, bitString(key.sign(content)));
}

function extensions(keyName: Uint8Array): Uint8Array[] {
  const extension = (id: string, value: Uint8Array, ...critical: Uint8Array[]) =>
    sequence(objectId(id), ...critical, octetString(value));
  return [
    extension("2.5.29.14", octetString(keyName)), // subjectKeyIdentifier
    extension("2.5.29.15", bitString(new Uint8Array([0x80]), 7), TRUE), // digitalSignature
    extension("2.5.29.19", sequence(), TRUE), // basicConstraints: signs no certificates
  ];
}
