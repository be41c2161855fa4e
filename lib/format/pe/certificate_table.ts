import { TowerError } from "../../errors.ts";
import { concat, readExactly } from "../../bytes/bytes.ts";
import { alignUp, FIELD, type Pe, viewOf } from "./headers.ts";
import { endOfImage, placeOfTable } from "./image_digest.ts";
import { clearSignature } from "./sections.ts";

/** WIN_CERTIFICATE: length, revision and type (UEFI, §32.2.4). */
const HEADER = 8;
const REVISION = 0x0200;
/** WIN_CERT_TYPE_PKCS_SIGNED_DATA. */
const SIGNED_DATA = 0x0002;
const MAX_TABLE = 1 << 20;
const MAX_CERTIFICATES = 16;

/** An image as its headers, and what of the old one follows them; then zeros, then a table. */
export interface ImageParts {
  readonly headers: Uint8Array;
  /** Bytes of the old image that follow the headers end here. */
  readonly bodyEnd: number;
  /** What follows: zeros up to the table and the table; nothing in an image without one. */
  readonly tail: Uint8Array;
}

/**
 * The signatures of an image: of each the SignedData (PKCS#7) in a ContentInfo, as DER. Zeros may
 * follow it: sbsign counts the padding in.
 *
 * @throws {TowerError} `malformed`
 */
export function signaturesOf(pe: Pe): Uint8Array[] {
  if (pe.certificates === undefined) return [];
  const { offset, size } = pe.certificates;
  if (size > MAX_TABLE) throw malformed(`they have ${size} bytes`);
  const table = readExactly(pe.source, offset, size);
  const view = viewOf(table);
  const found: Uint8Array[] = [];
  for (let at = 0; at < size;) {
    const length = at + HEADER <= size ? view.getUint32(at, true) : 0;
    const next = at + alignUp(length, 8);
    if (length < HEADER || next > size) throw malformed("one is cut off");
    if (found.length === MAX_CERTIFICATES) throw malformed("they are too many");
    if (view.getUint16(at + 6, true) === SIGNED_DATA) {
      if (view.getUint16(at + 4, true) !== REVISION) throw malformed("their revision is unknown");
      found.push(table.subarray(at + HEADER, at + length));
    }
    at = next;
  }
  return found;
}

/**
 * An image with one signature, in the place of those that it had.
 * @param signedData PKCS#7 SignedData over {@linkcode imageDigest}, as DER in a ContentInfo
 */
export function withSignature(pe: Pe, signedData: Uint8Array): ImageParts {
  const bodyEnd = endOfImage(pe);
  const offset = placeOfTable(pe);
  const size = alignUp(HEADER + signedData.length, 8);
  const table = new Uint8Array(size);
  const fields = viewOf(table);
  fields.setUint32(0, HEADER + signedData.length, true);
  fields.setUint16(4, REVISION, true);
  fields.setUint16(6, SIGNED_DATA, true);
  table.set(signedData, HEADER);
  const headers = pe.headers.slice();
  clearSignature(headers, pe.optionalHeader);
  const view = viewOf(headers);
  view.setUint32(pe.optionalHeader + FIELD.certificates, offset, true);
  view.setUint32(pe.optionalHeader + FIELD.certificates + 4, size, true);
  return { headers, bodyEnd, tail: concat([new Uint8Array(offset - bodyEnd), table]) };
}

/** An image without signatures: a kernel that its distribution signed is signed anew as a whole. */
export function withoutSignatures(pe: Pe): ImageParts {
  const headers = pe.headers.slice();
  if (pe.certificates !== undefined) clearSignature(headers, pe.optionalHeader);
  return { headers, bodyEnd: endOfImage(pe), tail: new Uint8Array() };
}

/**
 * The bytes of an image in its parts.
 * @param old the pieces of the old image, which are read to their end: a check may stand there
 */
export function* piecesOfImage(
  { headers, bodyEnd, tail }: ImageParts,
  old: Iterable<Uint8Array>,
): Generator<Uint8Array> {
  yield headers;
  let at = 0;
  for (const piece of old) {
    const body = piece.subarray(Math.max(0, headers.length - at), Math.max(0, bodyEnd - at));
    at += piece.length;
    if (body.length > 0) yield body;
  }
  if (tail.length > 0) yield tail;
}

function malformed(cause: string): TowerError {
  return new TowerError("malformed", `Cannot read the signatures of an EFI program: ${cause}`);
}
