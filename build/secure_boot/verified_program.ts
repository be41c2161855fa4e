import { TowerError } from "../../lib/errors.ts";
import { readBytes } from "../../lib/files/files.ts";
import { openRegular } from "../../lib/files/regular_file.ts";
import { readPe } from "../../lib/format/pe/headers.ts";
import { readCertificate } from "../../lib/pki/certificate.ts";
import { signerOfImage } from "../../lib/secure_boot/authenticode.ts";

const CERTIFICATE_LIMIT = 64 << 10;

/**
 * The name of the certificate, if its key signed a program.
 * @throws {TowerError} `untrusted`, or `malformed`
 */
export function verifiedProgram(file: string, certificateFile: string): string {
  const what = `certificate "${certificateFile}"`;
  const certificate = readCertificate(readBytes(certificateFile, CERTIFICATE_LIMIT), what);
  using source = openRegular(file);
  try {
    return signerOfImage(readPe(source), [certificate]).commonName;
  } catch (cause) {
    if (!(cause instanceof TowerError)) throw cause;
    throw new TowerError(cause.code, `Cannot trust "${file}"`, { cause });
  }
}
