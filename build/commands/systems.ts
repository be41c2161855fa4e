import { Command } from "@commander-js/extra-typings";
import type { Env } from "../../lib/env.ts";

/** `systems`: what can be built. */
export function systemsCommand(env: Env) {
  return new Command("systems")
    .description("List what can be built: Tower's systems and the manifests of this folder.")
    .option("--json", "as JSON", false)
    .action(async ({ json }) => {
      const { messagesOf, printable } = await import("../../lib/errors.ts");
      const { table } = await import("../../lib/report/table.ts");
      const { knownSystems } = await import("../inputs/known_systems.ts");
      const { systems, broken } = knownSystems(env);
      if (json) {
        const bad = broken.map(({ system, error }) => ({
          system,
          error: { code: error.code, messages: messagesOf(error) },
        }));
        env.stdout.write(`${JSON.stringify([...systems, ...bad], null, 2)}\n`);
        return;
      }
      const rows = systems.map((s) => [s.system, s.arches.join(", "), s.description]);
      env.stdout.write(table(["SYSTEM", "ARCHITECTURES", "DESCRIPTION"], rows));
      for (const { error } of broken) {
        env.notes.write(`warning: ${printable(messagesOf(error)[0]!)}\n`);
      }
    });
}
