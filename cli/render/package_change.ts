import { labelOf, type PackageChange } from "../../lib/packages/package_change.ts";
import { count, formatBytes } from "../../lib/report/quantity.ts";

/** A change of a host's packages as lines. */
export function changeLines(host: string, { coming, going }: PackageChange): string {
  if (coming.length + going.length === 0) return `${host}: no package changes\n`;
  const lines = [
    ...coming.map(({ package: p, replaces }) =>
      replaces === undefined
        ? `add ${labelOf(p)}, ${formatBytes(p.size)}`
        : `change ${p.name} from ${replaces} to ${p.version}, ${formatBytes(p.size)}`
    ),
    ...going.map((p) => `remove ${labelOf(p)}`),
  ];
  const load = coming.reduce((sum, { package: p }) => sum + p.size, 0);
  if (coming.length > 0) lines.push(`${count(coming.length, "package")}, ${formatBytes(load)}`);
  return lines.map((line) => `${host}: ${line}\n`).join("");
}

/** A change as what JSON has; sizes in bytes. */
export function changeValue({ coming, going, world }: PackageChange) {
  return {
    coming: coming.map(({ package: { name, version, size, installedSize }, replaces }) => ({
      name,
      version,
      size,
      installedSize,
      ...replaces === undefined ? {} : { replaces },
    })),
    going: going.map(({ name, version }) => ({ name, version })),
    world,
  };
}
