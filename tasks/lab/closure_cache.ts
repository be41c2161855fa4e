import { join } from "@std/path";
import { digestOf } from "../../lib/bytes/digest.ts";
import { canonicalJson } from "../../lib/json.ts";
import { createBeside, publish, writeAll } from "../../lib/files/whole_file.ts";
import type { Closure } from "./closure.ts";
import type { DebianPackage } from "./control.ts";
import type { PackageSet } from "./recipe.ts";

/** Where apt keeps what it knows. */
const APT_STATE = ["/var/lib/apt/lists", "/etc/apt/sources.list.d", "/etc/apt/preferences.d"];
const FILE = "closure.json";

/**
 * The closure that was found last, if neither the set nor anything that apt knows has changed
 * since: asking apt takes seconds, looking at its files none.
 */
export async function cachedClosure(
  folder: string,
  set: PackageSet,
  find: () => Promise<Closure>,
): Promise<Closure> {
  const { roots, wished = [], omitted } = set;
  const key = digestOf(canonicalJson([roots, wished, omitted, APT_STATE.map(stateOf)]));
  const path = join(folder, FILE);
  const known = read(path);
  if (known?.key === key) return new Map(known.packages.map((p) => [p.name, p]));
  const closure = await find();
  using whole = createBeside(path);
  const text = canonicalJson({ key, packages: [...closure.values()] });
  writeAll(whole.file, new TextEncoder().encode(`${text}\n`));
  publish(whole.path, path, 0o644);
  return closure;
}

/** Name, size and time of every file in a folder. */
function stateOf(folder: string): unknown[] {
  try {
    return [...Deno.readDirSync(folder)].filter((item) => item.isFile).map(({ name }) => {
      const { size, mtime } = Deno.statSync(join(folder, name));
      return [name, size, mtime?.getTime() ?? 0] as const;
    }).sort(([a], [b]) => a < b ? -1 : 1);
  } catch {
    return [];
  }
}

function read(path: string): { key: string; packages: DebianPackage[] } | undefined {
  try {
    return JSON.parse(Deno.readTextFileSync(path));
  } catch {
    return undefined;
  }
}
