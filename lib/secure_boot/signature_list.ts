import { TowerError } from "../errors.ts";
import { concat } from "../bytes/bytes.ts";
import { asUuid, formatGuid, guidBytes, type Uuid } from "../format/uuid.ts";

/** EFI_CERT_X509_GUID. */
const X509 = guidBytes(asUuid("a5c059a1-94e4-4aa7-87b5-ab155c2bf072")!);
/** Type and three sizes of a list; the owner of an entry (UEFI, §32.4.1). */
const [LIST_HEADER, OWNER] = [28, 16];
const MAX_LISTS = 1 << 20;

/** A certificate in a list, and whose entry that is. */
export interface ListedCertificate {
  readonly owner: Uuid;
  /** X.509, as DER. */
  readonly certificate: Uint8Array;
}

/** EFI_SIGNATURE_LISTs, one for each certificate, as they have different lengths (UEFI, §32.4.1). */
export function signatureLists(certificates: readonly ListedCertificate[]): Uint8Array {
  return concat(certificates.map(({ owner, certificate }) => {
    const list = new Uint8Array(LIST_HEADER + OWNER + certificate.length);
    const view = new DataView(list.buffer);
    list.set(X509);
    view.setUint32(16, list.length, true);
    view.setUint32(20, 0, true); // no header of its own
    view.setUint32(24, OWNER + certificate.length, true);
    list.set(guidBytes(owner), LIST_HEADER);
    list.set(certificate, LIST_HEADER + OWNER);
    return list;
  }));
}

/**
 * The certificates of signature lists; digests and other types of entries are passed over.
 * @throws {TowerError} `malformed`
 */
export function certificatesOf(bytes: Uint8Array): ListedCertificate[] {
  const malformed = () =>
    new TowerError("malformed", "Cannot read signature lists: one is cut off or has wrong sizes");
  if (bytes.length > MAX_LISTS) throw malformed();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const found: ListedCertificate[] = [];
  for (let at = 0; at < bytes.length;) {
    if (bytes.length - at < LIST_HEADER) throw malformed();
    const [listSize, headerSize, size] = [16, 20, 24].map((o) => view.getUint32(at + o, true));
    const entries = listSize! - LIST_HEADER - headerSize!;
    const isWhole = listSize! <= bytes.length - at && entries > 0 && size! > OWNER &&
      entries % size! === 0;
    if (!isWhole) throw malformed();
    const isX509 = X509.every((byte, i) => bytes[at + i] === byte);
    const first = at + LIST_HEADER + headerSize!;
    for (let entry = first; isX509 && entry < at + listSize!; entry += size!) {
      found.push({
        owner: formatGuid(bytes.subarray(entry, entry + OWNER)),
        certificate: bytes.subarray(entry + OWNER, entry + size!),
      });
    }
    at += listSize!;
  }
  return found;
}
