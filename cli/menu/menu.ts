import { join } from "@std/path";
import type { Env } from "../../lib/env.ts";
import { formatError, TowerError } from "../../lib/errors.ts";
import { chooseHosts, type Host } from "../../lib/fleet/host.ts";
import { locked, writeHostFile } from "../../lib/inventory/inventory_files.ts";
import { canonicalJson } from "../../lib/json.ts";
import { APK_STATE } from "../../lib/package_way/apk_state.ts";
import type { Ending } from "../../lib/program/ending.ts";
import { reporterFor } from "../../lib/program/reporter.ts";
import type { Reporter } from "../../lib/report/event.ts";
import { table } from "../../lib/report/table.ts";
import { onHosts } from "../../lib/session/executor.ts";
import { type Fleet, openFleet } from "../../lib/session/fleet.ts";
import { gather } from "../../lib/session/gather.ts";
import { openStore } from "../../lib/store/content_store.ts";
import { keptBytes, programsNow } from "./keep_programs.ts";
import { dataFolder, type MenuChange, writeMenu } from "./write_menu.ts";

export interface MenuOptions {
  readonly ask: boolean;
  readonly dryRun: boolean;
  readonly json: boolean;
}

/** Writes the menu entries of all hosts anew out of what is known, and lists them. */
export async function writeMenus(
  names: readonly string[],
  { ask, dryRun, json }: MenuOptions,
  { env, ending }: { readonly env: Env; readonly ending: Ending },
): Promise<void> {
  if (!ask && names.length > 0 || ask && dryRun) {
    throw new TowerError("usage", `Cannot ${ask ? "ask hosts in a dry run" : "choose hosts"}`, {
      hint:
        "All entries are written together; hosts are named for --ask, which keeps what they say",
    });
  }
  const fleet = await openFleet(env);
  using reporter = reporterFor(env, json);
  if (ask) await askHosts(chooseHosts(fleet.inventory, names), fleet, env, reporter, ending);
  const change = await writeMenu(fleet.place, dataFolder(env.home), { dryRun, reporter });
  env.stdout.write(json ? changeJson(change) : changeText(change, dryRun));
}

/** Keeps the programs of all packages that hosts have and the store knows. */
async function askHosts(
  hosts: readonly Host[],
  fleet: Fleet,
  env: Env,
  reporter: Reporter,
  ending: Ending,
): Promise<void> {
  using store = openStore(join(env.cacheDir, "store"), reporter);
  const outcomes = await onHosts(hosts, fleet.executor, async (host) => {
    const state = await gather(fleet.session(host), APK_STATE, host);
    const now = programsNow(host, [], state.installed, state, { store, reporter });
    await locked(
      fleet.place,
      () => writeHostFile(fleet.place, host.name, "programs", keptBytes(now)),
    );
  });
  for (const { host, result } of outcomes) {
    if (result.kind === "done") continue;
    ending.code = 3;
    env.stderr.write(`${host.name}: ${formatError(result.error)}\n`);
  }
}

function rowsOf({ hosts }: MenuChange) {
  return hosts.flatMap(({ host, packages }) =>
    packages.flatMap((p) =>
      p.programs.map(({ texts, argv }) => ({
        host: host.name,
        name: texts["Name"] ?? "",
        package: p.package,
        argv,
      }))
    )
  );
}

function changeText(change: MenuChange, dryRun: boolean): string {
  const { written, removed } = change;
  const rows = rowsOf(change).map((row) => [row.host, row.name, row.package]);
  const list = rows.length === 0 ? "No program found.\n" : table(["HOST", "NAME", "PACKAGE"], rows);
  if (!dryRun) return list;
  const lines = [...written.map((p) => `write ${p}\n`), ...removed.map((p) => `remove ${p}\n`)];
  return `${list}${lines.join("") || "nothing would change\n"}`;
}

function changeJson(change: MenuChange): string {
  const { written, removed, foreign } = change;
  const value = { programs: rowsOf(change), written, removed, foreign };
  return `${canonicalJson(value, 2)}\n`;
}
