import { TowerError } from "../../lib/errors.ts";
import { compareBytes } from "../../lib/bytes/bytes.ts";
import { appletPaths } from "./busybox_applets.ts";
import type { DebEntry } from "./deb_archive.ts";
import type { PlacedRecipe } from "./recipe.ts";

/** What a derivation adds: files by path, and paths that change. */
export interface Derived {
  readonly files: ReadonlyMap<string, string>;
  readonly move: readonly (readonly [from: string, to: string])[];
  /** Prefixes of paths that are left out. */
  readonly drop: readonly string[];
}

const NOTHING: Derived = { files: new Map(), move: [], drop: [] };

/** Makes what a recipe's derivation asks for, from the Debian package's files. */
export function derive(recipe: PlacedRecipe, deb: readonly DebEntry[]): Derived {
  const { derive: derivation } = recipe;
  if (derivation === undefined) return NOTHING;
  switch (derivation) {
    case "busybox-paths":
      return busyboxPaths(deb);
    case "kernel":
      return kernel(recipe, deb, false);
    case "pc-kernel":
      return withoutUseless(kernel(recipe, deb, false), deb);
    case "raspberry-pi-kernel":
      return kernel(recipe, deb, true);
  }
}

/** Reads the very busybox that is packaged: Alpine's package asks it when it is built. */
function busyboxPaths(deb: readonly DebEntry[]): Derived {
  const program = deb.find(({ path }) => path === "bin/busybox");
  if (!program) throw new TowerError("not-found", 'Cannot list applets: no "bin/busybox"');
  const applets = appletPaths(program.content)
    // linuxrc is for initial RAM disks of long ago, and would lie in the root directory.
    .filter((path) => path.includes("/")).sort(compareBytes);
  const list = applets.map((path) => `${path}\n`).join("");
  return { ...NOTHING, files: new Map([["etc/busybox-paths.d/busybox", list]]) };
}

/** A third of Debian's modules by size: hosts have no screen of their own beyond the firmware's. */
const USELESS =
  /^lib\/modules\/[^/]+\/kernel\/(?:sound|drivers\/(?:comedi|gpu|iio|infiniband|media|staging))\//;

function withoutUseless(derived: Derived, deb: readonly DebEntry[]): Derived {
  const useless = deb.map(({ path }) => path).filter((path) => USELESS.test(path));
  return { ...derived, drop: [...derived.drop, ...useless] };
}

/** Chips of Raspberry Pis, as device trees are named: those of 64-bit kernels lie in a folder. */
const RASPBERRY_PI = /^(?:broadcom\/)?bcm2(?:7|83)[0-9]*-rpi-.*\.dtb$/;

/** Alpine's layout of a kernel: /boot/vmlinuz-FLAVOUR, and its version in a file. */
function kernel(recipe: PlacedRecipe, deb: readonly DebEntry[], deviceTrees: boolean): Derived {
  const flavour = recipe.name.replace(/^linux-/, "");
  const release = deb.map(({ path }) => /^boot\/vmlinuz-(.+)$/.exec(path)?.[1])
    .find((found) => found !== undefined);
  if (release === undefined) {
    throw new TowerError("not-found", `Cannot make "${recipe.name}": it has no /boot/vmlinuz-*`);
  }
  const trees = `usr/lib/linux-image-${release}/`;
  const all = deb.filter(({ entry, path }) => entry.type === "file" && path.startsWith(trees))
    .map(({ path }) => path);
  const wanted = all.filter((path) => deviceTrees && RASPBERRY_PI.test(path.slice(trees.length)));
  return {
    files: new Map([[`usr/share/kernel/${flavour}/kernel.release`, `${release}\n`]]),
    move: [[`boot/vmlinuz-${release}`, `boot/vmlinuz-${flavour}`], ...wanted.map(inBoot)],
    drop: all.filter((path) => !wanted.includes(path)),
  };
}

function inBoot(path: string): readonly [from: string, to: string] {
  return [path, `boot/${path.slice(path.lastIndexOf("/") + 1)}`];
}
