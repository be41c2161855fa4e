import type { Env } from "../../lib/env.ts";
import type { Ending } from "../../lib/program/ending.ts";
import { withChanges } from "./with_sources.ts";

/** `install HOST… PACKAGE…`: packages of hosts' own repositories, by way of the router. */
export function installCommand(env: Env, ending: Ending) {
  return withChanges(
    "install",
    "Install packages on hosts, by way of the router where they have no Internet.",
  )
    .usage("[options] <host...> <pkg...>")
    .argument("<host>", "one or more; -- ends them where a package is called like a host")
    .argument("<pkg...>", "name, name=1.2-r3, name~1.2, name>1 or name@tag")
    .action(async (host, words, options) => {
      const { installPackages } = await import("../packages/install.ts");
      await installPackages([host, ...words], options, { env, ending });
    });
}

/** `upgrade-packages [HOST…]`: the newest that hosts' own repositories have. */
export function upgradePackagesCommand(env: Env, ending: Ending) {
  return withChanges(
    "upgrade-packages",
    "Upgrade the packages of hosts, by way of the router where they have no Internet.",
  )
    .argument("[host...]", "only these (default: all)")
    .action(async (hosts, options) => {
      const { upgradePackages } = await import("../packages/upgrade_packages.ts");
      await upgradePackages(hosts, options, { env, ending });
    });
}
