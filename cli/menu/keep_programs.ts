import type { IndexedPackage } from "../../lib/apk/types.ts";
import { iconsIn, type PackageReading, programsIn } from "../../lib/desktop/package_programs.ts";
import {
  formatKept,
  KEPT_LIMIT,
  type PackagePrograms,
  parseKept,
  withinLimit,
} from "../../lib/desktop/kept_programs.ts";
import { printable } from "../../lib/errors.ts";
import { readOwnIfThere } from "../../lib/files/own_file.ts";
import type { Host } from "../../lib/fleet/host.ts";
import { keptProgramsPath, type TowerPaths } from "../../lib/fleet/paths.ts";
import type { ApkState } from "../../lib/package_way/apk_state.ts";
import { storedPackage } from "../../lib/packages/package_load.ts";
import { formatBytes } from "../../lib/report/quantity.ts";
import type { Reporter } from "../../lib/report/event.ts";
import type { FileStore } from "../../lib/store/content_store.ts";

/** What is kept of a host's packages. @throws {TowerError} `damaged` */
export function keptPrograms(paths: TowerPaths, name: string): PackagePrograms[] {
  const bytes = readOwnIfThere(keptProgramsPath(paths, name), KEPT_LIMIT);
  return bytes === undefined ? [] : parseKept(new TextDecoder().decode(bytes), name);
}

/** What the programs of packages are read from. */
export interface KeepContext {
  readonly store: FileStore;
  readonly reporter: Reporter;
}

/**
 * The programs of a host's packages as they are now: of those that came, from the store, where each
 * lies verified (the host is not asked, and could not say anything else); of the others that are
 * still there, what was kept before.
 */
export function programsNow(
  host: Host,
  before: readonly PackagePrograms[],
  coming: readonly Pick<IndexedPackage, "identity" | "name" | "version" | "size">[],
  { installed, keys }: Pick<ApkState, "installed" | "keys">,
  { store, reporter }: KeepContext,
): PackagePrograms[] {
  const there = new Map(installed.map((p) => [p.name, p]));
  const came = coming.filter((p) => there.get(p.name)?.version === p.version);
  const names = new Set(came.map(({ name }) => name));
  const kept = before.filter((p) => there.has(p.package) && !names.has(p.package));
  const found = came.flatMap((p) => {
    const { identity, name, version, size } = p;
    const unpacked = storedPackage({ url: "", expect: { identity, name, version, size } }, {
      store,
      keys,
    });
    if (unpacked === undefined) return [];
    const reading: PackageReading = {
      reader: store,
      refused: (path, error) =>
        reporter.report({
          type: "warning",
          message: `${host.name}: "${printable(path)}" of ${name} is left out of the menu: ` +
            error.message,
        }),
    };
    return [{ package: name, unpacked, reading, programs: programsIn(unpacked, reading) }];
  });
  const programs = [...kept, ...found].flatMap((p) => p.programs);
  const icons = new Set(programs.flatMap(({ icon }) => icon === undefined ? [] : [icon]));
  const all = [
    ...kept,
    ...found.map(({ unpacked, reading, ...rest }) => ({
      ...rest,
      icons: iconsIn(unpacked, icons, reading),
    })),
  ];
  const fitting = withinLimit(all);
  for (const { package: name } of new Set(all).difference(new Set(fitting))) {
    const message = `${host.name}: the programs of ${name} are left out of the menu: they and ` +
      `those of the other packages have more than ${formatBytes(KEPT_LIMIT)}`;
    reporter.report({ type: "warning", message });
  }
  return fitting;
}

/** As a file of the host's folder. */
export function keptBytes(packages: readonly PackagePrograms[]): Uint8Array {
  return new TextEncoder().encode(formatKept(packages));
}
