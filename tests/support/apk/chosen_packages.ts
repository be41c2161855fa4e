import { openEngine } from "../../../build/engine/engine.ts";
import {
  gatherInputs,
  repositoriesRequestOf,
  worldRequestsOf,
} from "../../../build/inputs/inputs.ts";
import { openRepositories } from "../../../lib/packages/indexes.ts";
import { solveWorld, wantedOf } from "../../../lib/packages/world.ts";
import { formatDependency } from "../../../lib/apk/dependency.ts";
import type { Arch } from "../../../lib/brand.ts";
import { silent } from "../../../lib/report/event.ts";
import { testEnv } from "../program/test_env.ts";

/** Where packages may come from. */
export interface Source {
  readonly arch: Arch;
  /** Folders of repositories. */
  readonly repositories: readonly string[];
  readonly keysFolder: string;
}

/** What a shipped system wants, and what the solver takes for it; no package has to be there. */
export async function chosenPackages(system: string, source: Source) {
  const { arch, keysFolder, repositories: folders } = source;
  using env = testEnv();
  using opened = openEngine(env, { offline: false, json: false, jobs: 1 });
  const engine = { ...opened, reporter: silent };
  const request = {
    ...{ system, arch, repositories: [...folders], keysFolder },
    ...{ lockFile: undefined, frozen: false, offline: false, output: undefined, jobs: 1 },
  };
  const inputs = gatherInputs(request, env, engine.store);
  const from = repositoriesRequestOf(inputs, keysFolder, env, undefined);
  const [asked] = worldRequestsOf(inputs.manifest, from);
  const { universe } = await openRepositories(from, engine);
  const { world, missing, replaced } = wantedOf(asked!, universe);
  const packages = solveWorld(world, universe).map((s) => s.package);
  return { world: world.map(formatDependency), missing, replaced, packages };
}
