import type { Env } from "../env.ts";
import type { Reporter } from "../report/event.ts";
import { jsonReporter } from "../report/json_reporter.ts";
import { plainReporter } from "../report/plain_reporter.ts";
import { ttyReporter } from "../report/tty_reporter.ts";

/** Where events go: lines, a terminal that is drawn on, or JSON. */
export function reporterFor(env: Env, json: boolean): Reporter & Disposable {
  const clock = () => performance.now();
  if (!json && env.stderrIsTerminal) {
    const color = env.variable("NO_COLOR") === undefined;
    return ttyReporter(env.notes, {
      clock,
      get columns() {
        return env.columns;
      },
      color,
    });
  }
  const reporter = json ? jsonReporter(env.notes, { clock }) : plainReporter(env.notes, { clock });
  return { report: (event) => reporter.report(event), [Symbol.dispose]() {} };
}
