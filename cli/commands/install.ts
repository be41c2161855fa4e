import type { Env } from "../../lib/env.ts";
import { TowerError } from "../../lib/errors.ts";
import type { Ending } from "../../lib/program/ending.ts";
import { MACHINES, withChanges } from "./with_sources.ts";

/** `install NODE… PACKAGE…`: packages of hosts' own repositories, by way of the router. */
export function installCommand(env: Env, ending: Ending) {
  return withChanges(
    "install",
    "Install packages on hosts, by way of the router where they have no Internet.",
  )
    .usage("[options] <node...> <pkg...>")
    .argument("<node>", MACHINES)
    .argument("[pkg...]", "name, name=1.2-r3, name~1.2, name>1 or name@tag")
    .option("--restore", "bring back what was kept of a host's packages", false)
    .option("--repair", "the same, and what an apk that was cut off left broken", false)
    .option("--from <file>", "ask nobody: use a bundle; without packages what it was made for")
    .option(
      "--signers <file>",
      "public keys of which one must have signed the bundle (default: image_signers in ~/.local/tower)",
    )
    .action(async (host, words, { restore, repair, from, signers, ...options }) => {
      if (from !== undefined) {
        requireAlone({ restore, repair, offline: options.offline });
        const { installFrom } = await import("../packages/bundle/install_from.ts");
        return await installFrom(from, signers, [host, ...words], options, { env, ending });
      }
      if (signers !== undefined) {
        throw new TowerError(
          "usage",
          "Cannot use --signers without --from: it is who signs a bundle",
        );
      }
      requirePackages(words, restore || repair);
      if (restore || repair) {
        const { putBackPackages } = await import("../packages/put_back.ts");
        return await putBackPackages(host, { ...options, repair }, { env, ending });
      }
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
    .argument("[node...]", "only these; thinclient is this machine (default: all hosts)")
    .action(async (hosts, options) => {
      const { upgradePackages } = await import("../packages/upgrade_packages.ts");
      await upgradePackages(hosts, options, { env, ending });
    });
}

/** What a bundle has is what hosts lacked when it was made: what they lost since is not in it. */
function requireAlone(others: Readonly<Record<string, boolean>>): void {
  const [other] = Object.entries(others).find(([, isGiven]) => isGiven) ?? [];
  if (other === undefined) return;
  throw new TowerError("usage", `Cannot install with --from and --${other} at once`, {
    hint:
      "What came from a bundle is kept here: --restore --offline and --repair --offline ask nobody",
  });
}

function requirePackages(packages: readonly string[], isPutBack: boolean): void {
  if ((packages.length === 0) === isPutBack) return;
  throw new TowerError(
    "usage",
    isPutBack
      ? `Cannot install "${packages[0]}" with --restore or --repair: they bring what was kept`
      : "Cannot install: no package is named",
    { hint: "tower install HOST PACKAGE…, or tower install HOST --restore" },
  );
}
