/**
 * The slot whose entry systemd-boot starts, by the names and texts of its folder of entries: the highest
 * version among those of one sort-key that have tries left, or no counter (Boot Loader Specification,
 * "Sorting", "Boot counting"). Undefined where there is none.
 */
export function startedSlot(entries: ReadonlyMap<string, string>): string | undefined {
  const found = [...entries].flatMap(([name, text]) => {
    const [, slot, , left] = /^system-([ab])(\+(\d+)(?:-\d+)?)?\.conf$/.exec(name) ?? [];
    const version = Number(/^version (\d+)$/m.exec(text)?.[1]);
    return slot === undefined || left === "0" || !(version >= 0) ? [] : [{ slot, version }];
  });
  return found.toSorted((a, b) => b.version - a.version)[0]?.slot;
}
