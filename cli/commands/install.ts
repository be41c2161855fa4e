import { Command } from "@commander-js/extra-typings";
import type { Env } from "../../lib/env.ts";
import type { Ending } from "../../lib/program/ending.ts";

/** `install HOST PACKAGE…`: packages of a host's own repositories, by way of the router. */
export function installCommand(env: Env, ending: Ending) {
  return new Command("install")
    .description("Install packages on a host, by way of the router where it has no Internet.")
    .argument("<host>", "its name")
    .argument("<pkg...>", "name, name=1.2-r3, name~1.2, name>1 or name@tag")
    .option("--allow-old", "take an index that is older than one that was read before", false)
    .option("--new-sources", "take repositories and keys of the host that are new", false)
    .option("--dry-run", "show what would change", false)
    .option("--json", "as JSON", false)
    .action(async (host, packages, options) => {
      const { installPackages } = await import("../packages/install.ts");
      await installPackages(host, packages, options, { env, ending });
    });
}
