/**
 * The order in which apk-tools walks all names it knows: its hash table's (src/hash.c, src/blob.c).
 * Which package is installed first among equals depends on it, so it is kept.
 */

/** Buckets of apk's table of names (src/database.c apk_db_init). */
const BUCKETS = 20000;
const SEED = 5381;

/** A name's bucket, and its place among all names in order of first appearance. */
export interface Ranked {
  readonly bucket: number;
  readonly rank: number;
}

/** The bucket of a name: less than 20000. */
export function bucketOf(name: string): number {
  return murmur3(name, SEED) % BUCKETS;
}

/** The names as apk walks them: by bucket, and in a bucket the one that came last first. */
export function inTableOrder<N extends Ranked>(names: Iterable<N>): N[] {
  return [...names].sort((a, b) => a.bucket - b.bucket || b.rank - a.rank);
}

/** MurmurHash3, the 32-bit variant of Austin Appleby, over the UTF-8 bytes of a text. */
export function murmur3(text: string, seed: number): number {
  const bytes = isAscii(text) ? undefined : new TextEncoder().encode(text);
  const length = bytes?.length ?? text.length;
  const byte = bytes ? (i: number) => bytes[i]! : (i: number) => text.charCodeAt(i);
  let hash = seed | 0;
  let i = 0;
  for (; i + 4 <= length; i += 4) {
    const word = byte(i) | byte(i + 1) << 8 | byte(i + 2) << 16 | byte(i + 3) << 24;
    hash ^= scrambled(word);
    hash = Math.imul(hash << 13 | hash >>> 19, 5) + 0xe6546b64 | 0;
  }
  if (i < length) {
    let tail = 0;
    for (let shift = 0; i < length; i++, shift += 8) tail |= byte(i) << shift;
    hash ^= scrambled(tail);
  }
  hash ^= length;
  hash = Math.imul(hash ^ hash >>> 16, 0x85ebca6b);
  hash = Math.imul(hash ^ hash >>> 13, 0xc2b2ae35);
  return (hash ^ hash >>> 16) >>> 0;
}

function scrambled(word: number): number {
  const k = Math.imul(word, 0xcc9e2d51);
  return Math.imul(k << 15 | k >>> 17, 0x1b873593);
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false;
  return true;
}
