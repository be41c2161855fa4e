import { resolve } from "@std/path";
import { parseBundleRequest, REQUEST_LIMIT } from "../../../lib/bundle/request.ts";
import { TowerError } from "../../../lib/errors.ts";
import { readText } from "../../../lib/files/files.ts";
import { parseApkState } from "../../../lib/package_way/apk_state.ts";
import { readSources } from "../../../lib/package_way/host_sources.ts";
import { parseWanted, planInstall } from "../../../lib/packages/package_change.ts";
import { isBeyondHost } from "../../../lib/packages/repositories.ts";
import { internetFetcher, type Wish, type Wishing } from "./wish.ts";

/** What hosts of another tower lack, as a request tells of them, read on the Internet from here. */
export async function wishesOfRequest(
  name: string,
  { allowOld }: { readonly allowOld: boolean },
  { env, store, reporter }: Wishing,
): Promise<Wish[]> {
  const path = resolve(env.cwd, name);
  const { hosts } = parseBundleRequest(readText(path, REQUEST_LIMIT), path);
  const fetcher = internetFetcher({ env, reporter });
  return await Promise.all(hosts.map(async ({ name: host, packages, state: text }) => {
    const wanted = parseWanted(packages);
    const state = stateIn(text, host, path);
    const { arch, keys } = state;
    const context = { arch, keys, fetcher, store, reporter };
    const specs = state.repositories.filter(({ url }) => isBeyondHost(url));
    const sources = await readSources(specs, context, allowOld);
    return { host, packages, coming: planInstall(wanted, state, sources).coming, sources, context };
  }));
}

function stateIn(text: string, host: string, path: string) {
  try {
    return parseApkState(new TextEncoder().encode(text));
  } catch (cause) {
    throw new TowerError("malformed", `Cannot use request "${path}" for "${host}"`, { cause });
  }
}
