import { createHash } from "node:crypto";
import { TowerError } from "../../errors.ts";
import { alignUp, byOffset, FIELD, type Pe } from "./headers.ts";

/** Certificate tables begin at a multiple of so many bytes. */
const ALIGNMENT = 8;
const CHUNK = 1 << 20;

/**
 * The digest that a signature of an EFI program is of (Windows Authenticode Portable Executable
 * Signature Format, "Calculating the PE Image Hash"): SHA-256 over all but check sum, directory entry
 * and table of the certificates, with the zeros that lead to where a table begins.
 *
 * Firmware goes from section to section. Where bytes lie between sections it sees none of them, so
 * that a signature would vouch for less than the file: such a file is refused, as both ways to hash
 * are one only without.
 *
 * @throws {TowerError} `unsupported` for bytes between sections.
 */
export function imageDigest(pe: Pe): Uint8Array {
  let covered = pe.headers.length;
  for (const { name, rawOffset, rawSize } of byOffset(pe.sections)) {
    if (rawOffset !== covered) {
      throw new TowerError(
        "unsupported",
        `Cannot hash EFI program: before its section "${name}" are bytes that no signature covers`,
      );
    }
    covered = rawOffset + rawSize;
  }
  const hash = createHash("sha256");
  const checksum = pe.optionalHeader + FIELD.checksum;
  const directory = pe.optionalHeader + FIELD.certificates;
  hash.update(pe.headers.subarray(0, checksum));
  hash.update(pe.headers.subarray(checksum + 4, directory));
  hash.update(pe.headers.subarray(directory + 8));
  const end = endOfImage(pe);
  const chunk = new Uint8Array(Math.min(CHUNK, end - pe.headers.length));
  for (let at = pe.headers.length; at < end;) {
    const n = pe.source.readAt(at, chunk.subarray(0, Math.min(chunk.length, end - at)));
    if (n <= 0) throw new RangeError(`Cannot hash EFI program: it ends at ${at}`);
    hash.update(chunk.subarray(0, n));
    at += n;
  }
  hash.update(new Uint8Array(alignUp(end, ALIGNMENT) - end));
  return new Uint8Array(hash.digest());
}

/** Where the certificate table of an image is, or would be but for zeros up to a multiple of 8. */
export function endOfImage(pe: Pe): number {
  return pe.certificates?.offset ?? pe.source.size;
}

/** Where a certificate table goes. */
export function placeOfTable(pe: Pe): number {
  return alignUp(endOfImage(pe), ALIGNMENT);
}
