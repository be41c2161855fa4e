import { resolve } from "@std/path";
import { TowerError } from "../../../lib/errors.ts";
import { readSources } from "../../../lib/package_way/host_sources.ts";
import { readKeyFolder } from "../../../lib/package_way/key_folder.ts";
import { parseWanted, planInstall } from "../../../lib/packages/package_change.ts";
import { parseRepository } from "../../../lib/packages/repositories.ts";
import type { PackagesForm } from "./bundle_form.ts";
import { internetFetcher, type Wish, type Wishing } from "./wish.ts";

/** Packages with all that they need, for a host of which nothing is known. */
export async function wishOfPackages(
  { packages, arch, repositories, keys: folder }: PackagesForm,
  { allowOld }: { readonly allowOld: boolean },
  { env, store, reporter }: Wishing,
): Promise<Wish> {
  const wanted = parseWanted(packages);
  const specs = repositories.map((text) => parseRepository(text));
  const local = specs.find(({ url }) => !/^https?:/.test(url));
  if (local !== undefined) {
    throw new TowerError("usage", `Cannot use repository "${local.name}" for a bundle`, {
      hint: "Name it by its URL, as the host's /etc/apk/repositories does",
    });
  }
  const fetcher = internetFetcher({ env, reporter });
  const keys = readKeyFolder(resolve(env.cwd, folder), arch);
  const context = { arch, keys, fetcher, store, reporter };
  const sources = await readSources(specs, context, allowOld);
  const { coming } = planInstall(wanted, { arch, world: [], installed: [] }, sources);
  return { packages, coming, sources, context };
}
