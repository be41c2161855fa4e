import type { FoundPackage } from "../../lib/packages/index_search.ts";
import type { InstalledPackage } from "../../lib/packages/installed_list.ts";
import { jsonLine } from "../../lib/report/json_reporter.ts";
import { formatBytes } from "../../lib/report/quantity.ts";
import { table } from "../../lib/report/table.ts";

/** What a host has, as a table. */
export function installedText(packages: readonly InstalledPackage[]): string {
  return table(
    ["NAME", "VERSION", "SIZE", "WHY"],
    packages.map(({ name, version, installedSize, world }) => [
      name,
      version,
      formatBytes(installedSize),
      world === undefined ? "needed" : world === name ? "world" : `world: ${world}`,
    ]),
  );
}

/** What a search found, as a table; nothing where that is nothing. */
export function foundText(packages: readonly FoundPackage[]): string {
  if (packages.length === 0) return "";
  return table(
    ["NAME", "VERSION", "SIZE", "INSTALLED", "DESCRIPTION"],
    packages.map(({ name, version, tag, size, installed, description }) => [
      tag === undefined ? name : `${name}@${tag}`,
      version,
      formatBytes(size),
      installed ?? "-",
      description,
    ]),
  );
}

/** Packages of a host as one line of JSON; sizes in bytes. */
export function listJson(
  host: string,
  packages: readonly (InstalledPackage | FoundPackage)[],
): string {
  return jsonLine({ host, packages });
}
