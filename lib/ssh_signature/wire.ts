/** The data types of SSH (RFC 4251, §5) that keys and signatures are made of. */
import { concat } from "../bytes/bytes.ts";

const encoder = new TextEncoder();

/** A number of 32 bits. */
export function uint32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}

/** A string: its length, then its bytes. */
export function sshString(value: Uint8Array | string): Uint8Array {
  const bytes = typeof value === "string" ? encoder.encode(value) : value;
  return concat([uint32(bytes.length), bytes]);
}

/** Reads such data from the front. Every method throws a RangeError at the end of the bytes. */
export class WireReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get atEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  bytes(length: number): Uint8Array {
    if (length > this.#bytes.length - this.#at) throw new RangeError("it ends too early");
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  uint32(): number {
    const part = this.bytes(4);
    return new DataView(part.buffer, part.byteOffset, 4).getUint32(0);
  }

  string(): Uint8Array {
    return this.bytes(this.uint32());
  }

  /** A string of plain ASCII. @throws {RangeError} for any other byte */
  text(): string {
    const text = String.fromCharCode(...this.string().subarray(0, 1024));
    if (!/^[\x20-\x7e]*$/.test(text)) throw new RangeError("a name in it is no plain text");
    return text;
  }

  rest(): Uint8Array {
    return this.bytes(this.#bytes.length - this.#at);
  }
}

/** The bytes of a PEM-like block, or undefined when the text is none with that label. */
export function unarmored(text: string, label: string): Uint8Array | undefined {
  const match = new RegExp(
    `^-----BEGIN ${label}-----\\r?\\n([A-Za-z0-9+/=\\r\\n]{1,65536})-----END ${label}-----\\s*$`,
  ).exec(text);
  if (!match) return undefined;
  try {
    return Uint8Array.fromBase64(match[1]!);
  } catch {
    return undefined;
  }
}

/** Bytes as such a block, in lines of 70 characters as OpenSSH writes it. */
export function armored(bytes: Uint8Array, label: string): string {
  const lines = bytes.toBase64().match(/.{1,70}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}
