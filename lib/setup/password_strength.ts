/** How long a password would hold, in words; a guide, no rule. */
export type Strength = "weak" | "fair" | "good" | "strong";

/** Least bits for each but the first: an online guesser, one with the hash, one with many machines. */
const STEPS: readonly [bits: number, strength: Strength][] = [
  [80, "strong"],
  [60, "good"],
  [40, "fair"],
];
const CLASSES: readonly [pattern: RegExp, size: number][] = [
  [/[a-z]/, 26],
  [/[A-Z]/, 26],
  [/[0-9]/, 10],
  [/[^a-zA-Z0-9]/, 33],
];

/**
 * Counts bits as for characters by chance of the kinds that are in it; one that repeats or goes on with those
 * before it (aaa, abc, 321) counts as half a bit, and as one a word that everybody may know of this machine.
 * @param known such as the user's name
 */
export function passwordStrength(password: string, known: readonly string[] = []): Strength {
  const size = CLASSES.reduce((sum, [kind, n]) => sum + (kind.test(password) ? n : 0), 0);
  const each = Math.log2(Math.max(2, size));
  const text = known.filter((word) => word.length > 2)
    .reduce((rest, word) => rest.replaceAll(new RegExp(escaped(word), "gi"), ""), password);
  let bits = password.length > text.length ? 1 : 0;
  const codes = Array.from(text, (c) => c.charCodeAt(0));
  const kinds = new Set(codes).size;
  for (const [i, code] of codes.entries()) {
    const step = code - (codes[i - 1] ?? -9);
    bits += Math.abs(step) <= 1 || text.slice(0, i).includes(text.slice(i - 1, i + 1)) ? 0.5 : each;
  }
  const most = kinds * each * 1.5;
  return STEPS.find(([least]) => Math.min(bits, most) >= least)?.[1] ?? "weak";
}

function escaped(text: string): string {
  return text.replaceAll(/[^a-zA-Z0-9]/g, "\\$&");
}
