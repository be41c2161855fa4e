import { getProgram, putProgram } from "./files.ts";
import type { Named, Plan, Step } from "./step.ts";

/** A step as `--dry-run` shows it: the program that the machine would run, word by word. */
export interface ShownStep {
  readonly host: string;
  readonly title: string;
  readonly argv: readonly [string, ...string[]];
}

/** All steps of a plan, in the order in which they would be begun. */
export function shownSteps(plan: Plan<Named>): ShownStep[] {
  return plan.flat().flatMap(({ host, steps }) => steps.flatMap((step) => shown(host.name, step)));
}

function shown(host: string, step: Step): ShownStep[] {
  const line = (title: string, argv: ShownStep["argv"]) => ({ host, title, argv });
  const { title } = step;
  switch (step.kind) {
    case "exec":
    case "reboot":
      return [line(title, step.argv)];
    case "put":
      return [line(title, putProgram(step).argv)];
    case "get":
      return [line(title, getProgram(step).argv)];
    case "forward": {
      const { at, listen, to } = step;
      const way = ["forward", at === "client" ? "-L" : "-R", `${listen}:127.0.0.1:${to}`] as const;
      return [line(title, [...way]), ...step.steps.flatMap((inner) => shown(host, inner))];
    }
    case "commit":
      return [line(title, step.argv), line(step.confirm.title, step.confirm.argv)];
  }
}
