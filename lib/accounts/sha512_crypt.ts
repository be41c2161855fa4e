import { createHash } from "node:crypto";
import { concat } from "../bytes/bytes.ts";

const ROUNDS = 5000;
/** Of salts and hashes, as crypt(5) counts to 64. */
export const ALPHABET = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

const sha512 = (...parts: readonly Uint8Array[]) =>
  new Uint8Array(createHash("sha512").update(concat(parts)).digest());

/**
 * The hash of a password as crypt(5) has it under `$6$`, by 5000 rounds (U. Drepper, "Unix crypt
 * using SHA-256 and SHA-512"). Done here so that no password is ever another program's argument.
 *
 * @param salt 1 to 16 characters of `./0-9A-Za-z`.
 */
export function sha512Crypt(password: string, salt: string): string {
  if (!/^[./0-9A-Za-z]{1,16}$/.test(salt)) throw new RangeError(`"${salt}" is no salt`);
  const key = new TextEncoder().encode(password);
  const saltBytes = new TextEncoder().encode(salt);
  const b = sha512(key, saltBytes, key);
  const parts = [key, saltBytes, repeated(b, key.length)];
  for (let n = key.length; n > 0; n >>= 1) parts.push(n & 1 ? b : key);
  const a = sha512(...parts);
  const p = repeated(sha512(...Array<Uint8Array>(key.length).fill(key)), key.length);
  const s = repeated(
    sha512(...Array<Uint8Array>(16 + a[0]!).fill(saltBytes)),
    saltBytes.length,
  );
  let c = a;
  for (let i = 0; i < ROUNDS; i++) {
    const round = [i & 1 ? p : c];
    if (i % 3 !== 0) round.push(s);
    if (i % 7 !== 0) round.push(p);
    round.push(i & 1 ? c : p);
    c = sha512(...round);
  }
  return `$6$${salt}$${encoded(c)}`;
}

/** `length` bytes of a digest again and again. */
function repeated(digest: Uint8Array, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => digest[i % digest.length]!);
}

/** Three bytes to four characters, lowest bits first; the bytes of a group lie 21 apart. */
function encoded(digest: Uint8Array): string {
  let out = "";
  for (let i = 0; i < 21; i++) {
    const at = [i, i + 21, i + 42];
    const turn = i % 3;
    const [x, y, z] = [at[turn]!, at[(turn + 1) % 3]!, at[(turn + 2) % 3]!];
    out += characters(digest[x]! << 16 | digest[y]! << 8 | digest[z]!, 4);
  }
  return out + characters(digest[63]!, 2);
}

function characters(value: number, count: number): string {
  return Array.from({ length: count }, (_, i) => ALPHABET[value >> 6 * i & 63]!).join("");
}
