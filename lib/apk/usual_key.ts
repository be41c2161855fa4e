/**
 * Whether a PEM is one that abuild-keygen makes (`openssl rsa -pubout`): a SubjectPublicKeyInfo
 * (RFC 5280) of an RSA key of 2048 to 4096 bits with the exponent 65537, and nothing around it. All
 * of its DER but the modulus follows from its length, so that nothing has to be parsed. What is
 * not of this form may be a key all the same.
 */
export function isUsualKey(pem: string): boolean {
  const base64 = PEM.exec(pem)?.[1];
  if (base64 === undefined) return false;
  let der: Uint8Array;
  try {
    der = Uint8Array.fromBase64(base64);
  } catch {
    return false;
  }
  const size = der.length - AROUND;
  if (size < 2048 / 8 || size > 4096 / 8) return false;
  const head = headOf(size), end = head.length + size;
  const isFramed = head.every((byte, i) => der[i] === byte) &&
    EXPONENT.every((byte, i) => der[end + i] === byte);
  return isFramed && (der[head.length]! & 0x80) !== 0 && (der[end - 1]! & 1) !== 0;
}

const PEM =
  /^-----BEGIN PUBLIC KEY-----\n((?:[A-Za-z0-9+/]+\n)*[A-Za-z0-9+/]+={0,2})\n-----END PUBLIC KEY-----\n?$/;
/** INTEGER 65537. */
const EXPONENT = [0x02, 0x03, 0x01, 0x00, 0x01];
/** Bytes of the DER that are not the modulus's. */
const AROUND = 38;

/** What stands before a modulus of so many bytes: 256 to 512 of them. */
function headOf(size: number): number[] {
  const long = (tag: number, length: number) => [tag, 0x82, length >> 8, length & 0xff];
  const rsaEncryption = [0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
  return [
    ...long(0x30, size + 34),
    ...[0x30, 0x0d, ...rsaEncryption, 0x05, 0x00],
    ...[...long(0x03, size + 15), 0x00],
    ...long(0x30, size + 10),
    ...[...long(0x02, size + 1), 0x00],
  ];
}
