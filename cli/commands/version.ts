import { Command } from "@commander-js/extra-typings";
import type { Env } from "../../lib/env.ts";

/** `version`: of this program and of the systems that hosts were made from, as JSON. */
export function versionCommand(env: Env) {
  return new Command("version")
    .description("Print the versions of this program and of the hosts, as JSON.")
    .option("--json", "it always is", false)
    .action(async () => {
      const { canonicalJson } = await import("../../lib/json.ts");
      const { openFleet } = await import("../../lib/session/fleet.ts");
      const { VERSION } = await import("../version.ts");
      const { inventory: { hosts } } = await openFleet(env);
      const versions = Object.fromEntries(hosts.map((h) => [h.name, h.env.version ?? "N/A"]));
      env.stdout.write(`${canonicalJson({ thinclient: VERSION, hosts: versions }, 4)}\n`);
    });
}
