import { formatBundleRequest } from "../../../lib/bundle/request.ts";
import { compareBytes } from "../../../lib/bytes/bytes.ts";
import type { Env } from "../../../lib/env.ts";
import { writeFileAtomic } from "../../../lib/files/files.ts";
import { APK_STATE, parseApkState } from "../../../lib/package_way/apk_state.ts";
import { parseWanted } from "../../../lib/packages/package_change.ts";
import { jsonLine } from "../../../lib/report/json_reporter.ts";
import { gather } from "../../../lib/session/gather.ts";
import { requireKnownSources } from "../known_sources.ts";
import { openMachines } from "../machines.ts";
import { namedOnLine } from "../named_hosts.ts";
import { writtenFile } from "./written_file.ts";

/** The state of apk on a host beside the very answer that it was read from. */
const TOLD_STATE = {
  ...APK_STATE,
  parse: (bytes: Uint8Array) => ({
    state: parseApkState(bytes),
    text: new TextDecoder().decode(bytes),
  }),
};

/**
 * Writes what hosts have and want, for a machine with Internet that reaches none of them. Its repositories
 * may have passwords in them, so that it is for its user alone.
 */
export async function askForBundle(
  name: string,
  words: readonly string[],
  { newSources, json }: { readonly newSources: boolean; readonly json: boolean },
  env: Env,
): Promise<void> {
  const { named, packages } = namedOnLine(await openMachines(env), words, env.args);
  parseWanted(packages);
  const path = writtenFile(name, env);
  const told = await Promise.all(named.map(async (machine) => {
    const { state, text } = await gather(machine.session, TOLD_STATE, machine);
    return { name: machine.name, text, remember: requireKnownSources(state, machine, newSources) };
  }));
  const request = formatBundleRequest({
    format: 1,
    hosts: told.map(({ name, text }) => ({
      name,
      packages: [...packages],
      state: text,
    }))
      .sort((a, b) => compareBytes(a.name, b.name)),
  });
  for (const { remember } of told) await remember();
  writeFileAtomic(path, new TextEncoder().encode(request), 0o600);
  if (json) {
    const names = told.map(({ name }) => name);
    return env.stdout.write(jsonLine({ file: path, hosts: names, packages }));
  }
  env.stdout.write(`${path}\n`);
  env.notes.write("Where there is Internet: tower bundle create FILE --asked with this file\n");
}
