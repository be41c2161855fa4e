/** Bytes as a text of one character each, whatever encoding they are in. */
export function byteText(bytes: Uint8Array): string {
  let text = "";
  // As many arguments as every engine takes.
  for (let at = 0; at < bytes.length; at += 8192) {
    text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  }
  return text;
}

/** The bytes of such a text. */
export function bytesOfText(text: string): Uint8Array {
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}

/** A value, such as a path, as it stands in such a text: in UTF-8. */
export function asByteText(value: string): string {
  return byteText(new TextEncoder().encode(value));
}
