import { TowerError } from "../errors.ts";
import { RSA, SHA256 } from "./algorithms.ts";
import type { Certificate } from "./certificate.ts";
import { contextTag, der, objectId, octetString, sequence, setOf, small, TAG } from "./der.ts";
import { DerReader, type DerValue, sameBytes } from "./der_reader.ts";

const SIGNED_DATA = objectId("1.2.840.113549.1.7.2");
const SHA256_ID = objectId("2.16.840.1.101.3.4.2.1");
const CONTENT_TYPE = objectId("1.2.840.113549.1.9.3");
const MESSAGE_DIGEST = objectId("1.2.840.113549.1.9.4");
const MAX_SIGNERS = 8;

/** What a SignedData is made of; its signature is RSASSA-PKCS1-v1_5 over SHA-256. */
export interface SignedDataParts {
  /** The type's object identifier, then the content, if it is within. */
  readonly contentInfo: Uint8Array;
  /** Signed attributes, each a SEQUENCE; then the signature is over them, else over the content. */
  readonly attributes?: readonly Uint8Array[];
  /** Whose key signed. */
  readonly certificate: Certificate;
  readonly signature: Uint8Array;
}

/** SignedData of PKCS#7 (RFC 2315, §9.1) with one signer, as DER. */
export function signedData(parts: SignedDataParts): Uint8Array<ArrayBuffer> {
  const { contentInfo, attributes, certificate, signature } = parts;
  const signer = sequence(
    small(1),
    sequence(certificate.issuer, certificate.serial),
    SHA256,
    ...attributes === undefined ? [] : [relabelled(setOf(...attributes), contextTag(0))],
    RSA,
    octetString(signature),
  );
  const certificates = der(contextTag(0), certificate.der);
  return sequence(small(1), setOf(SHA256), contentInfo, certificates, setOf(signer));
}

/** SignedData in the ContentInfo that files have it in (RFC 2315, §7). */
export function inContentInfo(data: Uint8Array): Uint8Array {
  return sequence(SIGNED_DATA, der(contextTag(0), data));
}

/** The two attributes that every signature over attributes has (RFC 2315, §9.2). */
export function basicAttributes(contentType: Uint8Array, digest: Uint8Array): Uint8Array[] {
  return [
    sequence(CONTENT_TYPE, setOf(contentType)),
    sequence(MESSAGE_DIGEST, setOf(octetString(digest))),
  ];
}

/** What a signature over attributes is of: the attributes as a SET (RFC 2315, §9.3). */
export function signedAttributes(attributes: readonly Uint8Array[]): Uint8Array {
  return setOf(...attributes);
}

/** A signature as it was read. */
export interface ReadSigner {
  readonly issuer: Uint8Array;
  readonly serial: Uint8Array;
  /** What the signature is over, and what of it is said of the content; absent without attributes. */
  readonly attributes?: {
    readonly signed: Uint8Array;
    readonly contentType: Uint8Array;
    readonly digest: Uint8Array;
  };
  readonly signature: Uint8Array;
}

/** A SignedData as it was read. */
export interface ReadSignedData {
  /** The type's object identifier, as DER. */
  readonly contentType: Uint8Array;
  /** The content as DER; undefined where it stands elsewhere. */
  readonly content: DerValue | undefined;
  /** The certificates that it brings, as DER. */
  readonly certificates: readonly Uint8Array[];
  /** Those that signed by way of SHA-256; others say nothing here. */
  readonly signers: readonly ReadSigner[];
}

/**
 * Reads a SignedData, in a ContentInfo or bare, as DER. Zeros may follow it. No signature is checked.
 * @throws {TowerError} `malformed`
 */
export function readSignedData(bytes: Uint8Array): ReadSignedData {
  try {
    const { encoded, content } = new DerReader(bytes).next(TAG.sequence);
    if (bytes.subarray(encoded.length).some((byte) => byte !== 0)) {
      throw new RangeError("bytes follow it");
    }
    let fields = new DerReader(content);
    const type = fields.optional(TAG.objectId);
    if (type !== undefined) {
      if (!sameBytes(type.encoded, SIGNED_DATA)) throw new RangeError("it is no SignedData");
      fields = fields.inside(contextTag(0)).inside(TAG.sequence);
    }
    return decode(fields);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new TowerError("malformed", `Cannot read signature: ${error.message}`);
  }
}

function decode(fields: DerReader): ReadSignedData {
  fields.next(TAG.integer);
  fields.next(TAG.set);
  const contentInfo = fields.inside(TAG.sequence);
  const contentType = contentInfo.next(TAG.objectId).encoded;
  const wrapped = contentInfo.optional(contextTag(0));
  const content = wrapped && new DerReader(wrapped.content).next();
  const certificates = fields.optional(contextTag(0));
  fields.optional(contextTag(1)); // revocation lists
  const signers = fields.inside(TAG.set).rest(TAG.sequence);
  if (signers.length > MAX_SIGNERS) throw new RangeError("it has too many signers");
  return {
    contentType,
    content,
    certificates: certificates === undefined
      ? []
      : new DerReader(certificates.content).rest().map(({ encoded }) => encoded),
    signers: signers.flatMap(({ content }) => readSigner(new DerReader(content)) ?? []),
  };
}

function readSigner(fields: DerReader): ReadSigner | undefined {
  fields.next(TAG.integer);
  const name = fields.inside(TAG.sequence);
  const issuer = name.next(TAG.sequence).encoded;
  const serial = name.next(TAG.integer).encoded;
  const digestAlgorithm = fields.inside(TAG.sequence).next(TAG.objectId).encoded;
  const signed = fields.optional(contextTag(0));
  fields.next(TAG.sequence);
  const signature = fields.next(TAG.octetString).content;
  if (!sameBytes(digestAlgorithm, SHA256_ID)) return undefined;
  if (signed === undefined) return { issuer, serial, signature };
  const contentType = attributeOf(signed.content, CONTENT_TYPE, TAG.objectId).encoded;
  const digest = attributeOf(signed.content, MESSAGE_DIGEST, TAG.octetString).content;
  const asSet = relabelled(signed.encoded, TAG.set);
  return { issuer, serial, signature, attributes: { signed: asSet, contentType, digest } };
}

/** The only value of an attribute that must be there once. */
function attributeOf(attributes: Uint8Array, id: Uint8Array, tag: number): DerValue {
  const found = new DerReader(attributes).rest(TAG.sequence).flatMap(({ content }) => {
    const parts = new DerReader(content);
    if (!sameBytes(parts.next(TAG.objectId).encoded, id)) return [];
    const values = parts.inside(TAG.set);
    const value = values.next(tag);
    values.end();
    return [value];
  });
  if (found.length !== 1) throw new RangeError("a signed attribute is missing or there twice");
  return found[0]!;
}

function relabelled(value: Uint8Array, tag: number): Uint8Array {
  const copy = value.slice();
  copy[0] = tag;
  return copy;
}
