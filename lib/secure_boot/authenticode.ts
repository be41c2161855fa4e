import { TowerError } from "../errors.ts";
import { sha256 } from "../bytes/sha256.ts";
import type { Pe } from "../format/pe/headers.ts";
import { signaturesOf } from "../format/pe/certificate_table.ts";
import { imageDigest } from "../format/pe/image_digest.ts";
import { SHA256 } from "../pki/algorithms.ts";
import type { Certificate } from "../pki/certificate.ts";
import { bitString, contextTag, der, objectId, octetString, sequence, TAG } from "../pki/der.ts";
import { DerReader, sameBytes } from "../pki/der_reader.ts";
import { isSignedBy } from "../pki/rsa_key.ts";
import {
  basicAttributes,
  inContentInfo,
  type ReadSignedData,
  readSignedData,
  signedAttributes,
  signedData,
} from "../pki/signed_data.ts";

/** SPC_INDIRECT_DATA, and SPC_PE_IMAGE_DATA within it. */
const INDIRECT_DATA = objectId("1.3.6.1.4.1.311.2.1.4");
const IMAGE_DATA = objectId("1.3.6.1.4.1.311.2.1.15");

/**
 * What is known of a signature of an EFI program before its key has signed (Windows Authenticode
 * Portable Executable Signature Format). No time is in it, so that the same program and key give the
 * same bytes.
 *
 * @param digest SHA-256 of the image, as `imageDigest` computes it
 */
export function toBeSigned(digest: Uint8Array): Uint8Array {
  return signedAttributes(attributesFor(digest));
}

/**
 * The signature as it goes into the program.
 * @param signature of {@linkcode toBeSigned} by the certificate's key
 */
export function authenticode(
  digest: Uint8Array,
  certificate: Certificate,
  signature: Uint8Array,
): Uint8Array {
  const contentInfo = sequence(INDIRECT_DATA, der(contextTag(0), indirectData(digest)));
  const attributes = attributesFor(digest);
  return inContentInfo(signedData({ contentInfo, attributes, certificate, signature }));
}

function attributesFor(digest: Uint8Array): Uint8Array[] {
  // The digest is of what the SEQUENCE holds, without its tag and length (RFC 2315, §9.3).
  const { content } = new DerReader(indirectData(digest)).next();
  return basicAttributes(INDIRECT_DATA, sha256(content));
}

/** SpcIndirectDataContent: a digest, and that it is of a PE image. */
function indirectData(digest: Uint8Array): Uint8Array {
  // No page hashes; the name of the file is what signtool writes for none.
  const noName = new Uint8Array([..."<<<Obsolete>>>"].flatMap((c) => [0, c.charCodeAt(0)]));
  const file = der(contextTag(0), der(contextTag(2), der(0x80, noName)));
  const imageData = sequence(bitString(new Uint8Array()), file);
  return sequence(
    sequence(IMAGE_DATA, imageData),
    sequence(SHA256, octetString(digest)),
  );
}

/**
 * The certificate, out of those trusted, whose key signed an EFI program.
 *
 * Certificates are compared as they are: one that another one vouches for is not trusted by that.
 *
 * @throws {TowerError} `untrusted`, `malformed`
 */
export function signerOfImage(pe: Pe, trusted: readonly Certificate[]): Certificate {
  const signatures = signaturesOf(pe);
  if (signatures.length === 0) throw untrusted("it is not signed");
  const digest = imageDigest(pe);
  let cause = "no certificate that is trusted signed it";
  for (const bytes of signatures) {
    const data = readSignedData(bytes);
    const found = trusted.find((certificate) =>
      data.signers.some(({ issuer, serial }) =>
        sameBytes(issuer, certificate.issuer) && sameBytes(serial, certificate.serial)
      )
    );
    if (found === undefined) continue;
    if (!isOfImage(data, digest)) cause = "it is not the one that was signed";
    else if (!isOfKey(data, found)) cause = "its signature is not of the key that it names";
    else return found;
  }
  throw untrusted(cause);
}

/** Whether signed data is of a digest. */
function isOfImage({ contentType, content }: ReadSignedData, digest: Uint8Array): boolean {
  if (!sameBytes(contentType, INDIRECT_DATA) || content?.tag !== TAG.sequence) return false;
  try {
    const fields = new DerReader(content.content);
    fields.next(TAG.sequence);
    const info = fields.inside(TAG.sequence);
    return sameBytes(info.next(TAG.sequence).encoded, SHA256) &&
      sameBytes(info.next(TAG.octetString).content, digest);
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

/** Whether a signer of the certificate's name has signed the content by its key. */
function isOfKey({ content, signers }: ReadSignedData, certificate: Certificate): boolean {
  const told = sha256(content!.content);
  return signers.some(({ issuer, serial, attributes, signature }) =>
    sameBytes(issuer, certificate.issuer) && sameBytes(serial, certificate.serial) &&
    attributes !== undefined && sameBytes(attributes.contentType, INDIRECT_DATA) &&
    sameBytes(attributes.digest, told) &&
    isSignedBy(certificate.publicKey, attributes.signed, signature)
  );
}

function untrusted(cause: string): TowerError {
  return new TowerError("untrusted", `Cannot trust EFI program: ${cause}`);
}
