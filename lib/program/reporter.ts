import type { Env } from "../env.ts";
import type { Reporter, TickingReporter } from "../report/event.ts";
import { jsonReporter } from "../report/json_reporter.ts";
import { plainReporter } from "../report/plain_reporter.ts";
import { ttyReporter } from "../report/tty_reporter.ts";
import { isDrawable } from "./drawable.ts";

/** Milliseconds between two ticks of a reporter. */
const TICK = 1000;

/** Where events go: lines, a terminal that is drawn on, or JSON. */
export function reporterFor(env: Env, json: boolean): Reporter & Disposable {
  const clock = () => performance.now();
  if (json) {
    const reporter = jsonReporter(env.notes, { clock });
    return { report: (event) => reporter.report(event), [Symbol.dispose]() {} };
  }
  if (!env.stderrIsTerminal || !isDrawable(env)) {
    const reporter = plainReporter(env.notes, { clock });
    return ticking(reporter, { [Symbol.dispose]() {} });
  }
  const color = env.variable("NO_COLOR") === undefined;
  const reporter = ttyReporter(env.notes, {
    clock,
    get columns() {
      return env.columns;
    },
    color,
    hush: () => env.hush(),
  });
  return ticking(reporter, reporter);
}

/** Ticks by a signal: the first `setInterval` loads Node's timers, a third of a start. */
function ticking(reporter: TickingReporter, owned: Disposable): Reporter & Disposable {
  let isDisposed = false;
  const wait = () =>
    AbortSignal.timeout(TICK).addEventListener("abort", () => {
      if (isDisposed) return;
      reporter.tick();
      wait();
    });
  wait();
  return {
    report: (event) => reporter.report(event),
    [Symbol.dispose]() {
      isDisposed = true;
      owned[Symbol.dispose]();
    },
  };
}
