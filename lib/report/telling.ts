import type { Reporter } from "./event.ts";

/** Told how far work is. */
export type Progress = (done: number, total: number) => void;

/**
 * Tells of work whose result is told anyway: only where it takes long.
 * @param title What is done, as a person would say it.
 */
export async function telling<T>(
  reporter: Reporter,
  title: string,
  work: (progress: Progress) => T | Promise<T>,
  unit?: "bytes" | "items",
): Promise<T> {
  const measured = unit === undefined ? {} : { unit };
  reporter.report({ type: "step", id: title, title, isBrief: true, ...measured });
  const result = await work((done, total) =>
    reporter.report({ type: "progress", id: title, done, total })
  );
  reporter.report({ type: "done", id: title });
  return result;
}
