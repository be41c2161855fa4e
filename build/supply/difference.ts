import { compareBytes } from "../../lib/bytes/bytes.ts";

/** What two sets of named things differ in, ordered by name. */
export interface Difference<T> {
  readonly added: readonly T[];
  readonly removed: readonly T[];
  readonly changed: readonly { readonly before: T; readonly after: T }[];
}

/** Compares two sets by name; `same` says when two things of one name are equal. */
export function differenceOf<T>(
  before: ReadonlyMap<string, T>,
  after: ReadonlyMap<string, T>,
  same: (before: T, after: T) => boolean,
): Difference<T> {
  const names = [...new Set([...before.keys(), ...after.keys()])].sort(compareBytes);
  const added: T[] = [];
  const removed: T[] = [];
  const changed: { before: T; after: T }[] = [];
  for (const name of names) {
    const [b, a] = [before.get(name), after.get(name)];
    if (b === undefined) added.push(a!);
    else if (a === undefined) removed.push(b);
    else if (!same(b, a)) changed.push({ before: b, after: a });
  }
  return { added, removed, changed };
}

/** Whether two sets are the same. */
export function isSame(difference: Difference<unknown>): boolean {
  const { added, removed, changed } = difference;
  return added.length + removed.length + changed.length === 0;
}
