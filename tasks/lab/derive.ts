import { TowerError } from "../../lib/errors.ts";
import { compareBytes } from "../../lib/format/bytes.ts";
import type { Runner } from "../../lib/proc/command.ts";
import type { DebEntry } from "./deb_archive.ts";
import type { PlacedRecipe } from "./recipe.ts";

/** What a derivation adds: files by path, and paths that change. */
export interface Derived {
  readonly files: ReadonlyMap<string, string>;
  readonly move: readonly (readonly [from: string, to: string])[];
}

const NOTHING: Derived = { files: new Map(), move: [] };

/** Makes what a recipe's derivation asks for, from the Debian package's files. */
export async function derive(
  recipe: PlacedRecipe,
  deb: readonly DebEntry[],
  runner: Runner,
): Promise<Derived> {
  if (recipe.derive === "busybox-paths") return await busyboxPaths(deb, runner);
  return recipe.derive === "kernel" ? kernel(recipe, deb) : NOTHING;
}

/** Asks the very busybox that is packaged, as Alpine's package does when it is built. */
async function busyboxPaths(deb: readonly DebEntry[], runner: Runner): Promise<Derived> {
  const program = deb.find(({ path }) => path === "bin/busybox");
  if (!program) throw new TowerError("not-found", 'Cannot list applets: no "bin/busybox"');
  const folder = Deno.makeTempDirSync({ prefix: "tower-lab-" });
  try {
    const path = `${folder}/busybox`;
    Deno.writeFileSync(path, program.content, { mode: 0o700 });
    const { stdout } = await runner.run({ argv: [path, "--list-full"] });
    const applets = new TextDecoder().decode(stdout).split("\n")
      // linuxrc is for initial RAM disks of long ago, and would lie in the root directory.
      .filter((line) => line.includes("/")).sort(compareBytes);
    const list = applets.map((line) => `${line}\n`).join("");
    return { files: new Map([["etc/busybox-paths.d/busybox", list]]), move: [] };
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

/** Alpine's layout of a kernel: /boot/vmlinuz-FLAVOUR, and its version in a file. */
function kernel(recipe: PlacedRecipe, deb: readonly DebEntry[]): Derived {
  const flavour = recipe.name.replace(/^linux-/, "");
  const release = deb.map(({ path }) => /^boot\/vmlinuz-(.+)$/.exec(path)?.[1])
    .find((found) => found !== undefined);
  if (release === undefined) {
    throw new TowerError("not-found", `Cannot make "${recipe.name}": it has no /boot/vmlinuz-*`);
  }
  return {
    files: new Map([[`usr/share/kernel/${flavour}/kernel.release`, `${release}\n`]]),
    move: [[`boot/vmlinuz-${release}`, `boot/vmlinuz-${flavour}`]],
  };
}
