/** What every command line reads before its command is chosen. */
const STARTS = ["build/main.ts", "build/root.ts", "cli/main.ts", "cli/root.ts", "lib/env.ts"];
/** Packages that take longer to read than all else of a start: commands load them when they run. */
const LATE = ["zod", "yaml"];

/** A way from a start to a package that it should not read: files, and the package. */
export type LateWay = readonly [start: string, ...string[]];

/**
 * One way to each package that a start reads and should not.
 * @param loads by file, what is read with it: files and packages
 */
export function startsWithLate(loads: ReadonlyMap<string, readonly string[]>): LateWay[] {
  return STARTS.flatMap((start) => {
    const ways = new Map<string, LateWay>([[start, [start]]]);
    // A map may grow while it is walked.
    for (const [file, way] of ways) {
      for (const next of loads.get(file) ?? []) {
        if (!ways.has(next)) ways.set(next, [...way, next]);
      }
    }
    return LATE.map((late) => ways.get(late)).filter((way) => way !== undefined);
  });
}
