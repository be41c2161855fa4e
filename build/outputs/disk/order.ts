/** A partition, and those that are to be written before it. */
export interface Ordered {
  readonly name: string;
  readonly after: readonly string[];
}

/**
 * Numbers of partitions in the order in which they are written: those first that may turn out too large,
 * before hours go into the others; else that of the disk; but each behind those that it needs something of.
 *
 * @param mayFail whether only its writing tells that a partition is too small
 * @throws {RangeError} for a circle, which `checks.ts` refuses
 */
export function writingOrder<P extends Ordered>(
  partitions: readonly P[],
  mayFail: (partition: P) => boolean,
): readonly number[] {
  const done = new Set<string>();
  const order: number[] = [];
  while (order.length < partitions.length) {
    const isReady = ({ name, after }: P) =>
      !done.has(name) && after.every((other) => done.has(other));
    const early = partitions.findIndex((each) => mayFail(each) && isReady(each));
    const next = early < 0 ? partitions.findIndex(isReady) : early;
    if (next < 0) throw new RangeError("Partitions need one another in a circle");
    done.add(partitions[next]!.name);
    order.push(next);
  }
  return order;
}

/** Whether one of some needs leads back to where it began, over needs of others. */
export function isInCircle<Need extends { readonly from: string; readonly to: string }>(
  need: Need,
  needs: readonly Need[],
): boolean {
  const seen = new Set<string>();
  const pending = [need.to];
  for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
    if (at === need.from) return true;
    if (seen.has(at)) continue;
    seen.add(at);
    for (const { from, to } of needs) if (from === at) pending.push(to);
  }
  return false;
}
