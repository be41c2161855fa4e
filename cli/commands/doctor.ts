import { Command } from "@commander-js/extra-typings";
import type { Env } from "../../lib/env.ts";
import type { Ending } from "../../lib/program/ending.ts";

/** `doctor`: what is wrong here, and what mends it. */
export function doctorCommand(env: Env, ending: Ending) {
  return new Command("doctor")
    .description("Say what is wrong with this machine's set-up and how to mend it.")
    .option("--json", "as JSON", false)
    .action(async ({ json }) => {
      const { printable } = await import("../../lib/errors.ts");
      const { canonicalJson } = await import("../../lib/json.ts");
      const { diagnose } = await import("../doctor.ts");
      const findings = await diagnose(env);
      if (findings.length > 0) ending.code = 1;
      if (json) return env.stdout.write(`${canonicalJson(findings, 2)}\n`);
      // What one thing mends is one fault, however many signs it has.
      const lines = [...Map.groupBy(findings, ({ mend }) => mend)].map(([mend, signs]) =>
        `${signs.map(({ problem }) => `${problem}\n`).join("")}  mend: ${mend}\n`
      );
      env.stdout.write(lines.length > 0 ? printable(lines.join("")) : "Nothing is wrong.\n");
    });
}
