import type { Env } from "../../lib/env.ts";
import { parseDependency } from "../../lib/apk/dependency.ts";
import { TowerError } from "../../lib/errors.ts";
import { didYouMean } from "../../lib/report/did_you_mean.ts";
import { ROOT_TREE } from "../../lib/tree/root_tree.ts";
import { Command } from "@commander-js/extra-typings";
import { add, timeoutOption } from "./options.ts";

/** `why`: the chain that pulls a package in. */
export function whyCommand(env: Env) {
  return questionCommand("why", "Show the chain that pulls a package into a system.")
    .action(async (name, options) => {
      const { formatWhy, why } = await import("../../lib/apk/explain.ts");
      const { solveWorld } = await import("../../lib/packages/world.ts");
      const { world, universe } = await ask(options, env);
      const chains = why(solveWorld(world, universe), world, name);
      if (options.json) env.stdout.write(JSON.stringify(chains) + "\n");
      else if (chains.length > 0) env.stdout.write(formatWhy(name, chains) + "\n");
      if (chains.length > 0) return;
      throw new TowerError("not-found", `Cannot say why "${name}" is there: it is not`, {
        hint: `ask tower-build why-not ${name}`,
      });
    });
}

/** `why-not`: what keeps a package out. */
export function whyNotCommand(env: Env) {
  return questionCommand("why-not", "Show what keeps a package out of a system.")
    .action(async (name, options) => {
      const { formatWhyNot, whyNot } = await import("../../lib/apk/explain.ts");
      const { world, universe } = await ask(options, env);
      const wanted = parseDependency(name);
      const answer = whyNot(wanted, world, universe);
      env.stdout.write(
        (options.json ? JSON.stringify(answer) : formatWhyNot(wanted, answer)) + "\n",
      );
    });
}

function questionCommand(name: string, description: string) {
  return new Command(name)
    .description(description)
    .argument("<name>", "a package, or anything that packages provide")
    .option("--system <system>", "the system it is about, or a manifest FILE.yaml", "lab")
    .option("--arch <arch>", "architecture (the manifest's first)")
    .option("--tree <name>", "another of the manifest's trees", ROOT_TREE)
    .option("--repository <url>", "package repository instead of the manifest's; repeatable", add)
    .option(
      "--keys <dir>",
      "folder with the public keys (*.rsa.pub) to trust, or with a folder ARCH of them",
    )
    .addOption(timeoutOption())
    .option("--json", "the answer as JSON", false);
}

interface Question {
  readonly system: string;
  readonly arch?: string | undefined;
  readonly tree: string;
  readonly repository?: string[] | undefined;
  readonly keys?: string | undefined;
  readonly timeout?: number | undefined;
  readonly json: boolean;
}

function refuseTree({ system, tree }: Question, names: readonly string[]): never {
  const meant = didYouMean(tree, names);
  throw new TowerError(
    "not-found",
    `Cannot find packages of tree "${tree}" in "${system}"${meant}`,
    {
      hint: `its trees with packages are ${names.join(", ")}`,
    },
  );
}

/** The world of a tree of a system and the repositories that it is chosen from. */
async function ask(options: Question, env: Env) {
  const { openEngine } = await import("../engine/engine.ts");
  const { gatherInputs, repositoriesRequestOf, worldRequestsOf } = await import(
    "../inputs/inputs.ts"
  );
  const { openRepositories } = await import("../../lib/packages/indexes.ts");
  const { wantedOf } = await import("../../lib/packages/world.ts");
  const { json, timeout } = options;
  using engine = openEngine(env, { offline: false, json, jobs: 1, timeout });
  const inputs = gatherInputs(
    {
      system: options.system,
      arch: options.arch,
      repositories: options.repository,
      keysFolder: options.keys,
      lockFile: undefined,
      frozen: false,
      offline: false,
      output: undefined,
      jobs: 1,
    },
    env,
    engine.store,
  );
  const from = repositoriesRequestOf(inputs, options.keys, env, undefined);
  const worlds = worldRequestsOf(inputs.manifest, from);
  const request = worlds.find(({ name }) => name === options.tree) ??
    refuseTree(options, worlds.map(({ name }) => name));
  const { universe } = await openRepositories(from, engine);
  return { world: wantedOf(request, universe).world, universe };
}
