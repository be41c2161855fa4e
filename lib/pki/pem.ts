/** Bytes as a block of PEM (RFC 7468), in lines of 64 characters. */
export function pemOf(bytes: Uint8Array, label: string): string {
  const lines = bytes.toBase64().match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}

/**
 * The bytes of the only block of PEM in a text, with a label; text around it is passed over, as
 * `openssl x509 -text` writes some. Undefined where there is none such.
 */
export function bytesOfPem(text: string, label: string): Uint8Array | undefined {
  const [first, ...others] = text.matchAll(
    new RegExp(
      `^-----BEGIN ${label}-----\\r?\\n([A-Za-z0-9+/=\\r\\n]{1,65536})-----END ${label}-----\\s*$`,
      "gm",
    ),
  );
  if (first === undefined || others.length > 0) return undefined;
  try {
    return Uint8Array.fromBase64(first[1]!);
  } catch {
    return undefined;
  }
}
