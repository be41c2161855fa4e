import type { Env } from "../../lib/env.ts";
import { TowerError } from "../../lib/errors.ts";
import { searchIndexes } from "../../lib/packages/index_search.ts";
import type { Ending } from "../../lib/program/ending.ts";
import { reporterFor } from "../../lib/program/reporter.ts";
import { foundText, listJson } from "../render/packages.ts";
import { apkStateOf, openLooking, openSources, type SourceOptions } from "./host_sources.ts";
import { openMachines } from "./machines.ts";

/** Looks for packages in the indexes of a machine's repositories. */
export async function searchPackages(
  word: string,
  name: string,
  options: SourceOptions & { readonly json: boolean },
  { env, ending }: { readonly env: Env; readonly ending: Ending },
): Promise<void> {
  if (word === "") throw new TowerError("usage", "Cannot search for nothing: name a word");
  const { fleet, find } = await openMachines(env);
  const machine = find(name);
  if (options.json) ending.json = true;
  using reporter = reporterFor(env, options.json);
  await using looking = openLooking(env, fleet, reporter);
  const state = await apkStateOf(machine);
  const { sources } = await openSources(machine, state, options, looking);
  const found = searchIndexes(word, { sources, installed: state.installed });
  env.stdout.write(options.json ? listJson(name, found) : foundText(found));
  if (found.length === 0) env.notes.write(`No package of "${name}" has that word.\n`);
}
