import type { Env } from "../../lib/env.ts";
import { requestOf, systemCommand } from "./options.ts";

/** `lock`: writes the lock, or checks it. */
export function lockCommand(env: Env) {
  return systemCommand("lock", "Write the lock that names every package by digest, or check it.")
    .option(
      "--check",
      "only say whether the lock fits the manifest; exit 1 where it does not",
      false,
    )
    .option("--update", "choose packages anew even where the lock fits", false)
    .action(async (system, options) => {
      const { openEngine } = await import("../engine/engine.ts");
      const { lockSystem } = await import("../pipeline.ts");
      const { lockedParts } = await import("../plan/summary.ts");
      const request = requestOf(system, options, env);
      using engine = openEngine(env, { ...request, json: options.json });
      const mode = options.check ? "check" : options.update ? "update" : "keep";
      const { lock, file, digest } = await lockSystem(request, mode, engine);
      env.stdout.write(
        options.json
          ? JSON.stringify({ file, digest, lock }) + "\n"
          : `${digest}  ${file}  ${lockedParts(lock)}\n`,
      );
    });
}
