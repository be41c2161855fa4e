import type { Env } from "../../lib/env.ts";
import { requestOf, systemCommand } from "./options.ts";

/** `plan`: everything that decides a build, in short or all of it. */
export function planCommand(env: Env) {
  return systemCommand(
    "plan",
    "Show what decides a build, a line for each part; with --json all of it.",
  )
    .action(async (system, options) => {
      const { openEngine } = await import("../engine/engine.ts");
      const { planBuild } = await import("../pipeline.ts");
      const { printable } = await import("../../lib/errors.ts");
      const { planSummary } = await import("../plan/summary.ts");
      const request = requestOf(system, options, env);
      using engine = openEngine(env, { ...request, json: options.json });
      const { plan, lock, inputs } = await planBuild(request, engine);
      env.stdout.write(
        options.json ? `${JSON.stringify(plan)}\n` : printable(planSummary(plan, lock, inputs)),
      );
    });
}
