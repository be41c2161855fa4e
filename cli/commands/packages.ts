import { Command } from "@commander-js/extra-typings";
import type { Env } from "../../lib/env.ts";
import type { Ending } from "../../lib/program/ending.ts";
import { MACHINE, withSources } from "./with_sources.ts";

/** `packages HOST`: what a host has. */
export function packagesCommand(env: Env, ending: Ending) {
  return new Command("packages")
    .description("List the packages of a host: what was asked for, and what that needs.")
    .argument("<node>", MACHINE)
    .option("--world", "only those that were asked for", false)
    .option("--json", "as JSON", false)
    .action(async (host, options) => {
      const { listPackages } = await import("../packages/list_packages.ts");
      await listPackages(host, options, { env, ending });
    });
}

/** `search WORD [HOST]`: what a host could have. */
export function searchCommand(env: Env, ending: Ending) {
  return withSources("search", "Look for packages in the repositories of a host.")
    .argument("<word>", "a part of a name or description")
    .argument("[node]", MACHINE, "router")
    .action(async (word, host, options) => {
      const { searchPackages } = await import("../packages/search.ts");
      await searchPackages(word, host, options, { env, ending });
    });
}

/** `why HOST PACKAGE`: the chain from the world to it, or what keeps it out. */
export function whyCommand(env: Env, ending: Ending) {
  return withSources("why", "Say why a host has a package, or what keeps it out.")
    .argument("<node>", MACHINE)
    .argument("<pkg>", "name, name=1.2-r3, name~1.2 or name>1")
    .action(async (host, text, options) => {
      const { explainPackage } = await import("../packages/why.ts");
      await explainPackage(host, text, options, { env, ending });
    });
}

/** `apk-tunnel HOST`: its repositories for apk that is used there by hand. */
export function apkTunnelCommand(env: Env, ending: Ending) {
  return withSources(
    "apk-tunnel",
    "Offer a host its repositories until Ctrl-C, to use apk there by hand.",
  )
    .argument("<host>", "its name")
    .action(async (host, options) => {
      const { tunnelApk } = await import("../packages/apk_tunnel.ts");
      await tunnelApk(host, options, { env, ending });
    });
}

/** `cache`: the packages that this machine holds. */
export function cacheCommand(env: Env) {
  return new Command("cache")
    .description("List the packages that this machine holds, for hosts and for --offline.")
    .option("--json", "as JSON", false)
    .action(async (options) => {
      const { listCache } = await import("../packages/list_cache.ts");
      listCache(options, env);
    });
}
