import { concat } from "../bytes/bytes.ts";
import { asUuid, guidBytes } from "../format/uuid.ts";
import type { Certificate } from "../pki/certificate.ts";
import { objectId, sequence } from "../pki/der.ts";
import type { RsaSigner } from "../pki/rsa_key.ts";
import { signedData } from "../pki/signed_data.ts";

/** EFI_GLOBAL_VARIABLE and EFI_IMAGE_SECURITY_DATABASE_GUID (UEFI, §3.3, §32.4.1). */
const GLOBAL = asUuid("8be4df61-93ca-11d2-aa0d-00e098032b8c")!;
const DATABASE = asUuid("d719b2cb-3d3a-4596-a3bc-dad00e67656f")!;
/** EFI_CERT_TYPE_PKCS7_GUID. */
const PKCS7 = guidBytes(asUuid("4aafd29d-68df-49ee-8aa9-347d375665a7")!);
/** NON_VOLATILE, BOOTSERVICE_ACCESS, RUNTIME_ACCESS, TIME_BASED_AUTHENTICATED_WRITE_ACCESS. */
const ATTRIBUTES = 0x27;
const DATA = objectId("1.2.840.113549.1.7.1");

/** The variables that say what firmware starts, and the vendor each is of. */
const VENDORS = { PK: GLOBAL, KEK: GLOBAL, db: DATABASE } as const;
export type KeyVariable = keyof typeof VENDORS;

/**
 * A change of a variable as firmware takes it, and as systemd-boot and a setup menu read it from a
 * `.auth` file: EFI_VARIABLE_AUTHENTICATION_2, then the new value (UEFI, §8.2.2).
 *
 * @param value signature lists
 * @param timestamp seconds since 1970; firmware takes no older one than that of the value it has
 */
export function authenticatedVariable(
  variable: KeyVariable,
  value: Uint8Array,
  timestamp: number,
  key: RsaSigner,
  certificate: Certificate,
): Uint8Array {
  const time = efiTime(timestamp);
  const name = new Uint8Array([...variable].flatMap((c) => [c.charCodeAt(0), 0]));
  const attributes = new Uint8Array([ATTRIBUTES, 0, 0, 0]);
  const signed = concat([name, guidBytes(VENDORS[variable]), attributes, time, value]);
  // Bare, and without attributes of its own: older firmware knows no other form (UEFI, §8.2.2).
  const signature = signedData({
    contentInfo: sequence(DATA),
    certificate,
    signature: key.sign(signed),
  });
  const header = new Uint8Array(24);
  const view = new DataView(header.buffer);
  view.setUint32(0, header.length + signature.length, true);
  view.setUint16(4, 0x0200, true);
  view.setUint16(6, 0x0ef1, true); // WIN_CERT_TYPE_EFI_GUID
  header.set(PKCS7, 8);
  return concat([time, header, signature, value]);
}

/** EFI_TIME, in UTC; of an authentication all but date and time of day is zero. */
function efiTime(seconds: number): Uint8Array {
  const date = new Date(seconds * 1000);
  const bytes = new Uint8Array(16);
  new DataView(bytes.buffer).setUint16(0, date.getUTCFullYear(), true);
  bytes.set([
    date.getUTCMonth() + 1,
    date.getUTCDate(),
    date.getUTCHours(),
    date.getUTCMinutes(),
    date.getUTCSeconds(),
  ], 2);
  return bytes;
}
