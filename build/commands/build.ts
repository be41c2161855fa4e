import type { Env } from "../../lib/env.ts";
import { join } from "@std/path";
import { requestOf, systemCommand } from "./options.ts";

/** `build`: the whole way from a manifest to artifacts. */
export function buildCommand(env: Env) {
  return systemCommand("build", "Build a system's media, with their digests and a record.")
    .action(async (system, options) => {
      const { openEngine } = await import("../engine.ts");
      const { build } = await import("../pipeline.ts");
      const request = requestOf(system, options, env);
      using engine = openEngine(env, { ...request, json: options.json });
      const { record, folder } = await build(request, engine);
      if (options.json) {
        env.stdout.write(JSON.stringify({ folder, ...record }) + "\n");
        return;
      }
      for (const { digest, file } of record.artifacts) {
        env.stdout.write(`${digest.replace("sha256:", "")}  ${join(folder, file)}\n`);
      }
    });
}
