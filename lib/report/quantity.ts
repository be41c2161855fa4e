/** A number of bytes as people read it, three digits at least: `512 B`, `1.50 MiB`, `12.3 GiB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  const units = ["KiB", "MiB", "GiB", "TiB"];
  let value = bytes / 1024, unit = 0;
  for (; value >= 999.5 && unit < units.length - 1; unit++) value /= 1024;
  const digits = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
  return `${value.toFixed(digits)} ${units[unit]}`;
}

/** A duration in milliseconds as people read it: `0.4 s`, `12 s`, `3 min 05 s`. */
export function formatDuration(milliseconds: number): string {
  const seconds = milliseconds / 1000;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, "0")} s`;
}

/** A number of things: `1 file`, `3 files`. */
export function count(n: number, what: string): string {
  return `${n} ${what}${n === 1 ? "" : "s"}`;
}

/** How far a step is: `45% of 12.3 MiB`, `3 of 12`, or without a total what is done. */
export function formatProgress(
  done: number,
  total: number | undefined,
  unit: "bytes" | "items" | undefined,
): string {
  const show = unit === "bytes" ? formatBytes : String;
  if (total === undefined) return show(done);
  if (unit !== "bytes") return `${done} of ${total}`;
  return `${percentOf(done, total)}% of ${show(total)}`;
}

/** Whole percents, 100 only at the end. */
export function percentOf(done: number, total: number): number {
  return total <= 0 ? 100 : Math.max(0, Math.min(100, Math.floor(done / total * 100)));
}
