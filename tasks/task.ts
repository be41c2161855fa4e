import type { Command, CommandUnknownOpts } from "@commander-js/extra-typings";
import { type Env, realEnv } from "../lib/env.ts";
import { prepareTree, runProgram } from "../lib/program/command_program.ts";
import type { Ending } from "../lib/program/ending.ts";
import { reporterFor } from "../lib/program/reporter.ts";
import { telling } from "../lib/report/telling.ts";

/** Does what may take long, and tells then how long it takes. */
export async function toldIn<T>(env: Env, title: string, work: () => T | Promise<T>): Promise<T> {
  using reporter = reporterFor(env, false);
  return await telling(reporter, title, work);
}

/** What a task takes and does. Its exit status is that of `ending`. */
export type MakeTask = (env: Env, ending: Ending) => CommandUnknownOpts;

/** Runs a task under an environment, as the programs are run: `--help`, and 2 for wrong usage. */
export function taskStatus(make: MakeTask, env: Env): Promise<number> {
  return runProgram((env, ending) => {
    const command = make(env, ending) as Command;
    prepareTree(command, env, ending);
    return command;
  }, env);
}

/** Runs a task as this process, which ends: a handler of signals would keep it. */
export async function runTask(make: MakeTask): Promise<never> {
  Deno.exit(await taskStatus(make, realEnv()));
}
