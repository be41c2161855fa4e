import { type Env, realEnv } from "../lib/env.ts";
import { exitCodeOf, formatError } from "../lib/errors.ts";
import { reporterFor } from "../lib/program/reporter.ts";
import { telling } from "../lib/report/telling.ts";

/** Does what may take long, and tells then how long it takes. */
export async function toldIn<T>(env: Env, title: string, work: () => T | Promise<T>): Promise<T> {
  using reporter = reporterFor(env, false);
  return await telling(reporter, title, work);
}

/**
 * Runs a task as a program: errors as text without a stack, and the exit status. Ends the process,
 * because a handler of signals would keep it.
 *
 * @param main Returns an exit status, or nothing for 0.
 */
export async function runTask(main: (env: Env) => Promise<number | void>): Promise<never> {
  const env = realEnv();
  try {
    Deno.exit(await main(env) ?? 0);
  } catch (error) {
    env.stderr.write(`${formatError(error)}\n`);
    Deno.exit(exitCodeOf(error));
  }
}
