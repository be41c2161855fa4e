/** A line that is only in the old text, or only in the new one. */
export interface LineChange {
  readonly kind: "removed" | "added";
  readonly line: string;
}

/** What turns one list of lines into another: a longest common subsequence stays. */
export function lineChanges(before: readonly string[], after: readonly string[]): LineChange[] {
  // common[i][j]: length of the longest common subsequence of before[i..] and after[j..].
  const common = Array.from(
    { length: before.length + 1 },
    () => new Uint32Array(after.length + 1),
  );
  for (let i = before.length - 1; i >= 0; i--) {
    for (let j = after.length - 1; j >= 0; j--) {
      common[i]![j] = before[i] === after[j]
        ? common[i + 1]![j + 1]! + 1
        : Math.max(common[i + 1]![j]!, common[i]![j + 1]!);
    }
  }
  const changes: LineChange[] = [];
  for (let i = 0, j = 0; i < before.length || j < after.length;) {
    if (i < before.length && j < after.length && before[i] === after[j]) i++, j++;
    else if (j === after.length || i < before.length && common[i + 1]![j]! >= common[i]![j + 1]!) {
      changes.push({ kind: "removed", line: before[i++]! });
    } else changes.push({ kind: "added", line: after[j++]! });
  }
  return changes;
}
