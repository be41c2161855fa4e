import { join } from "@std/path";
import type { Command, CommandResult, Runner } from "../../lib/proc/command.ts";
import { readText } from "../../lib/files/files.ts";
import type { Sample } from "./report.ts";

/** Measures programs in one temporary folder. */
export interface Meter {
  /** Runs a program to its end. @throws {TowerError} as {@linkcode Runner.run}. */
  measure(command: Command): Promise<{ sample: Sample; result: CommandResult }>;
  /** Waits until what was written so far is on the disk, so that no run pays for another one. */
  settle(): Promise<void>;
  /** What cannot be measured here, and why. */
  readonly missing: readonly string[];
}

/**
 * Processor time and memory come from time(1) of GNU or busybox: it is small, and a program's
 * peak starts with that of the process that it was forked from (getrusage(2), RUSAGE_CHILDREN).
 * A program's threads are in its figures.
 *
 * @param folder Where measured programs write.
 */
export function createMeter(runner: Runner, folder: string): Meter {
  const time = runner.which("time");
  return {
    async measure(command) {
      const report = join(folder, "time");
      const argv: Command["argv"] = time === undefined
        ? command.argv
        : [time, "-o", report, "-f", "%U %S %M", ...command.argv];
      const start = performance.now();
      const result = await runner.run({ ...command, argv });
      const wall = (performance.now() - start) / 1000;
      return { result, sample: time === undefined ? { wall } : { wall, ...readReport(report) } };
    },
    async settle() {
      await runner.run({ argv: ["sync", "-f", folder] });
    },
    missing: time === undefined
      ? ['user+sys and peak memory are not measured: "time" is not here (Debian: apt install time)']
      : [],
  };
}

function readReport(path: string): Pick<Required<Sample>, "cpu" | "memory"> {
  const text = readText(path, 4096).trim();
  const match = /^([0-9.]+) ([0-9.]+) ([0-9]+)$/.exec(text);
  if (!match) throw new Error(`time(1) wrote "${text}"`);
  const [, user, system, kibibytes] = match;
  return { cpu: Number(user) + Number(system), memory: Number(kibibytes) * 1024 };
}
