import { Command, Option } from "@commander-js/extra-typings";
import type { Env } from "../../lib/env.ts";
import { ARCHES } from "../../lib/brand.ts";
import { add, timeoutOption } from "./options.ts";

/** `resolve`: the packages for a world, without a manifest. */
export function resolveCommand(env: Env) {
  return new Command("resolve")
    .description("Choose packages for a world: one name-version a line, in install order.")
    .argument("<constraint...>", "items of a world: name, name=1.2-r0, name>1, !name, name@tag")
    .requiredOption("--repository <url>", "package repository; repeatable, first wins a tie", add)
    .requiredOption(
      "--keys <dir>",
      "folder with the public keys (*.rsa.pub) to trust, or with a folder ARCH of them",
    )
    .addOption(new Option("--arch <arch>", "architecture").choices(ARCHES).default(ARCHES[0]))
    .addOption(timeoutOption())
    .option("--json", "the result as JSON, with reasons", false)
    .action(async (constraints, options) => {
      const { openEngine } = await import("../engine/engine.ts");
      const { labFolder, trustedKeys } = await import("../inputs/trusted_keys.ts");
      const { openRepositories } = await import("../../lib/packages/indexes.ts");
      const { parseWorld, solveWorld } = await import("../../lib/packages/world.ts");
      const { repositoryOf } = await import("../inputs/repositories.ts");
      const world = parseWorld(constraints);
      const repositories = options.repository.map((text) => repositoryOf(text, labFolder(env)));
      const { arch } = options;
      const keys = trustedKeys({ repositories, folder: options.keys, arch }, env);
      const { json, timeout } = options;
      using engine = openEngine(env, { offline: false, json, jobs: 1, timeout });
      const { universe } = await openRepositories({ arch, repositories, keys }, engine);
      const selected = solveWorld(world, universe);
      env.stdout.write(
        options.json
          ? JSON.stringify(selected.map((s) => ({
            name: s.package.name,
            version: s.package.version,
            repository: repositories[s.repository]!.name,
            reason: s.reason,
          }))) + "\n"
          : selected.map((s) => `${s.package.name}-${s.package.version}\n`).join(""),
      );
    });
}
