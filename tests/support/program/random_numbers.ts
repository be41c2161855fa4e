/** Numbers that look random and are the same for the same seed (mulberry32). */
export interface RandomNumbers {
  /** A whole number from 0 to `below - 1`. */
  below(limit: number): number;
  pick<T>(items: readonly T[]): T;
}

export function randomNumbers(seed: number): RandomNumbers {
  let state = seed >>> 0;
  const next = () => {
    state = state + 0x6d2b79f5 >>> 0;
    let t = state;
    t = Math.imul(t ^ t >>> 15, t | 1);
    t ^= t + Math.imul(t ^ t >>> 7, t | 61);
    return ((t ^ t >>> 14) >>> 0) / 2 ** 32;
  };
  const below = (limit: number) => Math.floor(next() * limit);
  return { below, pick: (items) => items[below(items.length)]! };
}

/** Text of up to seven pieces. */
export function randomText(random: RandomNumbers, pieces: readonly string[]): string {
  return Array.from({ length: random.below(8) }, () => random.pick(pieces)).join("");
}
