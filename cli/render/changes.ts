import type { Env } from "../../lib/env.ts";
import { printable } from "../../lib/errors.ts";
import type { LineChange } from "../../lib/format/line_changes.ts";
import { canonicalJson } from "../../lib/json.ts";
import type { ShownStep } from "../../lib/fleet/operations/shown_step.ts";
import type { Ending } from "../../lib/program/ending.ts";
import { stepLines } from "./steps.ts";

/** What differs between a machine and what it should have, part by part, with how it went. */
export interface ChangeReport {
  readonly state: string;
  readonly changes: readonly { readonly what: string; readonly lines: readonly LineChange[] }[];
  readonly refused?: readonly string[];
  /** What would be done. */
  readonly steps?: readonly ShownStep[];
}

/** Tells it as lines with `+` and `-`, or as JSON. */
export function tellChanges(
  name: string,
  { changes, steps, ...rest }: ChangeReport,
  { env, ending }: { readonly env: Env; readonly ending: Ending },
): void {
  if (ending.json) {
    const shown = changes.map(({ what, lines }) => {
      const of = (kind: string) => lines.filter((l) => l.kind === kind).map(({ line }) => line);
      return { what, removed: of("removed"), added: of("added") };
    });
    return env.stdout.write(
      `${canonicalJson({ host: name, ...rest, changes: shown, ...(steps && { steps }) }, 2)}\n`,
    );
  }
  const lines = changes.flatMap(({ what, lines }) => [
    `${name}: ${what}\n`,
    ...lines.map(({ kind, line }) => `${kind === "added" ? "+" : "-"} ${line}\n`),
  ]);
  env.stdout.write(printable(lines.join("")) + stepLines(steps ?? []));
}
