/**
 * Some of the items, in their order: the same ones for the same seed, on every machine.
 * @param most How many at most.
 */
export function sampleOf<T>(items: readonly T[], most: number, seed: number): T[] {
  const places = items.map((_, i) => i);
  let state = seed >>> 0;
  for (let i = 0; i < Math.min(most, places.length); i++) {
    // Numerical Recipes' linear congruence; its high bits are the good ones.
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const j = i + Math.floor(state / 2 ** 32 * (places.length - i));
    [places[i], places[j]] = [places[j]!, places[i]!];
  }
  return places.slice(0, most).sort((a, b) => a - b).map((place) => items[place]!);
}
