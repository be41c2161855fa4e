import type { Env } from "../../lib/env.ts";
import { formatError } from "../../lib/errors.ts";
import type { Outcome } from "../../lib/fleet/operations/step.ts";
import { canonicalJson } from "../../lib/json.ts";
import type { Ending } from "../../lib/program/ending.ts";
import { errorJson } from "./error_json.ts";

/** Tells how it went on each host; some failed: exit status 3. */
export function tellOutcomes<T>(
  outcomes: readonly Outcome<T, { readonly name: string }>[],
  show: (value: T) => { readonly line: string; readonly json: unknown },
  { env, ending }: { readonly env: Env; readonly ending: Ending },
): void {
  if (outcomes.some(({ result }) => result.kind === "failed")) ending.code = 3;
  if (ending.json) {
    const values = outcomes.map(({ host, result }) =>
      result.kind === "done"
        ? { host: host.name, ok: true, result: show(result.value).json }
        : { host: host.name, ok: false, error: errorJson(result.error) }
    );
    env.stdout.write(`${canonicalJson(values, 2)}\n`);
    return;
  }
  for (const { host, result } of outcomes) {
    if (result.kind === "done") env.stdout.write(`${host.name}: ${show(result.value).line}\n`);
    else env.stderr.write(`${formatError(result.error)}\n`);
  }
}
