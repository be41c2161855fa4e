import { labelOf, type PackageChange } from "../../lib/packages/package_change.ts";
import { count, formatBytes } from "../../lib/report/quantity.ts";

/** A change of a machine's packages as lines. */
export function changeLines(machine: string, change: PackageChange): string {
  const { coming, going } = change;
  if (coming.length + going.length === 0) return `${machine}: ${worldWords(change)}\n`;
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
  return lines.map((line) => `${machine}: ${line}\n`).join("");
}

/** What a change is of which no package comes or goes. */
function worldWords({ world, worldBefore }: PackageChange): string {
  const more = [...new Set(world).difference(new Set(worldBefore))];
  const less = [...new Set(worldBefore).difference(new Set(world))];
  const parts = [
    ...more.length === 0 ? [] : [`its world gets ${more.join(", ")}, which is there`],
    ...less.length === 0 ? [] : [`its world loses ${less.join(", ")}`],
  ];
  if (parts.length === 0) return "no package changes";
  return `no package comes or goes; ${parts.join(" and ")}`;
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
