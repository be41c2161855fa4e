import type { Env } from "../../lib/env.ts";
import { requestOf, systemCommand } from "./options.ts";

/** `plan`: everything that decides a build, as JSON. */
export function planCommand(env: Env) {
  return systemCommand("plan", "Print everything that decides a build, as JSON.")
    .action(async (system, options) => {
      const { openEngine } = await import("../engine.ts");
      const { planBuild } = await import("../pipeline.ts");
      const request = requestOf(system, options, env);
      using engine = openEngine(env, { ...request, json: options.json });
      const { plan } = await planBuild(request, engine);
      env.stdout.write(JSON.stringify(plan, null, options.json ? undefined : 2) + "\n");
    });
}
