import { readOwnIfThere } from "../../lib/files/own_file.ts";
import type { Host } from "../../lib/fleet/host.ts";
import { keptWorldPath } from "../../lib/fleet/paths.ts";
import { locked, writeHostFile } from "../../lib/inventory/inventory_files.ts";
import type { Fleet } from "../../lib/session/fleet.ts";

const LIMIT = 1 << 20;

/** The world of a host as it was kept last; undefined where none was. */
export function keptWorld({ place }: Pick<Fleet, "place">, host: Host): string[] | undefined {
  const bytes = readOwnIfThere(keptWorldPath(place, host.name), LIMIT);
  return bytes && new TextDecoder().decode(bytes).split(/\s+/).filter((item) => item !== "");
}

/** Keeps the world of a host. */
export function keepWorld(
  { place }: Pick<Fleet, "place">,
  { name }: Host,
  world: readonly string[],
): Promise<void> {
  const bytes = new TextEncoder().encode(world.map((item) => `${item}\n`).join(""));
  return locked(place, () => writeHostFile(place, name, "world", bytes));
}
