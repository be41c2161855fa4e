/**
 * What may have been meant by a word that is not among the known ones: the nearest of them, as
 * `; did you mean "timezone"?` to be put behind a message, or nothing where none is near.
 */
export function didYouMean(word: string, known: Iterable<string>): string {
  const meant = nearest(word, known);
  return meant === undefined ? "" : `; did you mean "${meant}"?`;
}

/** The known word that is nearest by typing errors: at most 3, and less than half of it. */
export function nearest(word: string, known: Iterable<string>): string | undefined {
  let best: string | undefined;
  let least = Math.min(3, Math.ceil(word.length / 2) - 1) + 1;
  if (word.length > MOST) return undefined;
  for (const other of known) {
    if (other === word || Math.abs(other.length - word.length) > least) continue;
    const distance = editDistance(word.toLowerCase(), other.toLowerCase());
    const isNearer = distance < least ||
      distance === least && best !== undefined &&
        commonStart(word, other) > commonStart(word, best);
    if (isNearer) [best, least] = [other, distance];
  }
  return best;
}

function commonStart(a: string, b: string): number {
  let length = 0;
  while (length < a.length && a[length] === b[length]) length++;
  return length;
}

/** Longest word that is compared. */
const MOST = 100;

/** Letters that were left out, added or changed, or neighbours that changed places (OSA). */
export function editDistance(a: string, b: string): number {
  let [before, row] = [[] as number[], Array.from({ length: b.length + 1 }, (_, i) => i)];
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      next.push(
        Math.min(change, row[j]! + 1, next[j - 1]! + 1, swapped ? before[j - 2]! + 1 : Infinity),
      );
    }
    [before, row] = [row, next];
  }
  return row[b.length]!;
}
