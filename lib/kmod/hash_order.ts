import { compareBytes } from "../bytes/bytes.ts";

/**
 * The order in which kmod's hash table lists names. It reaches `modules.symbols`, and all files
 * where `modules.order` is missing, so byte-equal indexes need it (kmod shared/hash.c: buckets
 * in turn, names within a bucket by their bytes).
 *
 * @param buckets a power of two: 512 for modules, 2048 for symbols (kmod tools/depmod.c)
 */
export function inHashOrder(names: Iterable<string>, buckets: number): string[] {
  const table = Array.from({ length: buckets }, (): string[] => []);
  for (const name of names) table[superfastHash(name) & (buckets - 1)]!.push(name);
  return table.flatMap((bucket) => bucket.sort(compareBytes));
}

/** Paul Hsieh's SuperFastHash as a little-endian machine computes it; 32 bits, unsigned. */
export function superfastHash(name: string): number {
  const key = new TextEncoder().encode(name);
  const half = (at: number) => key[at]! | (key[at + 1]! << 8);
  const whole = key.length & ~3;
  let hash = key.length;
  for (let at = 0; at < whole; at += 4) {
    hash = (hash + half(at)) | 0;
    hash = (hash << 16) ^ (half(at + 2) << 11) ^ hash;
    hash = (hash + (hash >>> 11)) | 0;
  }
  hash = addTail(hash, key, whole, half);
  hash ^= hash << 3;
  hash = (hash + (hash >>> 5)) | 0;
  hash ^= hash << 4;
  hash = (hash + (hash >>> 17)) | 0;
  hash ^= hash << 25;
  hash = (hash + (hash >>> 6)) | 0;
  return hash >>> 0;
}

function addTail(
  hash: number,
  key: Uint8Array,
  at: number,
  half: (at: number) => number,
): number {
  switch (key.length - at) {
    case 3:
      hash = (hash + half(at)) | 0;
      hash ^= hash << 16;
      hash ^= key[at + 2]! << 18;
      return (hash + (hash >>> 11)) | 0;
    case 2:
      hash = (hash + half(at)) | 0;
      hash ^= hash << 11;
      return (hash + (hash >>> 17)) | 0;
    case 1:
      hash = (hash + key[at]!) | 0;
      hash ^= hash << 10;
      return (hash + (hash >>> 1)) | 0;
    default:
      return hash;
  }
}
