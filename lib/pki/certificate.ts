import { TowerError } from "../errors.ts";
import { contextTag, TAG } from "./der.ts";
import { DerReader, type DerValue, sameBytes } from "./der_reader.ts";
import { bytesOfPem } from "./pem.ts";

const MAX_CERTIFICATE = 64 << 10;
/** id-at-commonName, as its content. */
const COMMON_NAME = new Uint8Array([0x55, 0x04, 0x03]);

/** What is read of an X.509 certificate (RFC 5280, §4.1). */
export interface Certificate {
  readonly der: Uint8Array;
  /** The subject's common name with nothing but printable characters; "" where it has none. */
  readonly commonName: string;
  /** Values as DER, tag and length included. */
  readonly serial: Uint8Array;
  readonly issuer: Uint8Array;
  /** SubjectPublicKeyInfo. */
  readonly publicKey: Uint8Array;
  /** Seconds since 1970 from which on it is valid. */
  readonly notBefore: number;
}

/**
 * Reads a certificate, as DER or PEM. Its signature is not checked: whoever gives one as trusted says
 * so, and firmware compares the keys of its own.
 *
 * @param what names it in messages, such as `certificate "db.crt"`
 * @throws {TowerError} `malformed`
 */
export function readCertificate(bytes: Uint8Array, what: string): Certificate {
  try {
    if (bytes.length > MAX_CERTIFICATE) throw new RangeError("it is too long");
    const text = bytes[0] === TAG.sequence ? undefined : new TextDecoder().decode(bytes);
    const der = text === undefined ? bytes : bytesOfPem(text, "CERTIFICATE");
    if (der === undefined) throw new RangeError("it is neither DER nor one block of PEM");
    return decode(der);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new TowerError("malformed", `Cannot read ${what}: ${error.message}`);
  }
}

function decode(der: Uint8Array): Certificate {
  const outer = new DerReader(der);
  const whole = outer.inside(TAG.sequence);
  outer.end();
  const fields = whole.inside(TAG.sequence);
  whole.next(TAG.sequence);
  whole.next(TAG.bitString);
  whole.end();
  fields.optional(contextTag(0)); // the version
  const serial = fields.next(TAG.integer).encoded;
  fields.next(TAG.sequence);
  const issuer = fields.next(TAG.sequence).encoded;
  const validity = fields.inside(TAG.sequence);
  const notBefore = secondsOf(validity.next());
  const subject = fields.inside(TAG.sequence);
  const publicKey = fields.next(TAG.sequence).encoded;
  return { der, serial, issuer, publicKey, notBefore, commonName: commonNameOf(subject) };
}

function commonNameOf(subject: DerReader): string {
  let found = "";
  for (const { content } of subject.rest(TAG.set)) {
    for (const attribute of new DerReader(content).rest(TAG.sequence)) {
      const parts = new DerReader(attribute.content);
      const isName = sameBytes(parts.next(TAG.objectId).content, COMMON_NAME);
      const value = parts.next();
      if (isName) found = new TextDecoder().decode(value.content);
    }
  }
  return found.replaceAll(/[^\x20-\x7e]/g, "?");
}

function secondsOf({ tag, content }: DerValue): number {
  const text = new TextDecoder("latin1").decode(content);
  const short = tag === TAG.utcTime && /^\d{12}Z$/.test(text);
  // Years from 50 on are of the last century (RFC 5280, §4.1.2.5.1).
  const long = short ? `${Number(text.slice(0, 2)) < 50 ? "20" : "19"}${text}` : text;
  const match = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(long);
  if (!match || (!short && tag !== TAG.generalizedTime)) throw new RangeError("a time is none");
  const [year, month, day, hour, minute, second] = match.slice(1).map(Number);
  return Date.UTC(year!, month! - 1, day!, hour!, minute!, second!) / 1000;
}
