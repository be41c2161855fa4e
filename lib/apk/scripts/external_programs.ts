import { NotUnderstood } from "../../shell/host.ts";
import { pathOf, type ScriptWorld } from "./script_world.ts";

/** The whole of a script is somebody else's work here. */
export class Superseded extends Error {
  override readonly name = "Superseded";
}

/** A script that has to wait for the machine, and can. */
export class NeedsMachine extends Error {
  override readonly name = "NeedsMachine";
}

/**
 * What a program means for an image. `replaced`: what the script is for is done otherwise, and the
 * rest of it with it. `cache`: speeds up what works without. `daemon`: tells a daemon, and fails
 * where none runs. `machine`: needs the machine itself, and its result is not needed before the
 * first start.
 */
interface ExternalProgram {
  readonly is: "replaced" | "cache" | "daemon" | "machine";
  readonly why: string;
}

const PROGRAMS: Readonly<Record<string, ExternalProgram>> = {
  mkinitfs: { is: "replaced", why: "the initramfs is made by the initramfs stage" },
  "update-extlinux": { is: "replaced", why: "the loader is written with the disk" },
  "update-raspberrypi-bootloader": {
    is: "replaced",
    why: "config.txt and cmdline.txt are written with the disk",
  },
  "update-grub": { is: "replaced", why: "the loader is written with the disk" },
  "grub-mkconfig": { is: "replaced", why: "the loader is written with the disk" },
  "secureboot-hook": { is: "replaced", why: "the loader is written with the disk" },
  "fc-cache": { is: "cache", why: "the cache of fonts is made when a program asks for it" },
  "mandoc.db": { is: "cache", why: "the index of manuals is made by makewhatis" },
  makewhatis: { is: "cache", why: "the index of manuals only speeds up apropos" },
  mandb: { is: "cache", why: "the index of manuals only speeds up apropos" },
  "appstreamcli": { is: "cache", why: "the cache of software catalogues only speeds up looking" },
  "gtk-update-icon-cache": { is: "cache", why: "icons are found without their cache" },
  "gtk4-update-icon-cache": { is: "cache", why: "icons are found without their cache" },
  "dbus-send": { is: "daemon", why: "no bus runs" },
  "update-desktop-database": { is: "machine", why: "an index of programs by file type" },
  "update-mime-database": { is: "machine", why: "an index of file types" },
  "glib-compile-schemas": { is: "machine", why: "compiled settings of GLib programs" },
  "gio-querymodules": { is: "machine", why: "an index of GIO modules" },
  "gdk-pixbuf-query-loaders": { is: "machine", why: "an index of image loaders" },
  "gtk-query-immodules-2.0": { is: "machine", why: "an index of input methods" },
  "gtk-query-immodules-3.0": { is: "machine", why: "an index of input methods" },
  "pango-querymodules": { is: "machine", why: "an index of text modules" },
  mkfontdir: { is: "machine", why: "indexes of X fonts" },
  mkfontscale: { is: "machine", why: "indexes of X fonts" },
  "update-ca-certificates": { is: "machine", why: "the bundle of certificates with one's own" },
  "dbus-uuidgen": { is: "machine", why: "an id of this machine alone" },
  "udevadm": { is: "machine", why: "the index of hardware" },
  "ssh-keygen": { is: "machine", why: "keys of this machine alone" },
};

/**
 * Runs a program that is none of the tree's commands.
 * @returns Its status, or undefined where nobody knows it.
 * @throws {Superseded} or {@linkcode NeedsMachine} for what decides over the whole script.
 */
export function runExternal(
  world: ScriptWorld,
  name: string,
  args: readonly string[],
): number | undefined {
  if (name === "depmod") return depmod(world, args);
  if (name === "su") return asUser(world, args);
  // All but its index is said to a daemon, and none runs.
  if (name === "udevadm" && args[0] !== "hwdb") return 1;
  const program = programOf(name);
  switch (program?.is) {
    case "replaced":
      throw new Superseded(program.why);
    case "machine":
      throw new NeedsMachine(program.why);
    case "daemon":
      return 1;
    case "cache":
      world.notes.add(program.why);
      return 0;
    default:
      return undefined;
  }
}

function programOf(name: string): ExternalProgram | undefined {
  return Object.hasOwn(PROGRAMS, name) ? PROGRAMS[name] : undefined;
}

/** Module indexes are the kernel stage's. */
function depmod(world: ScriptWorld, args: readonly string[]): number {
  const [release, ...more] = args[0] === "-a" ? args.slice(1) : args;
  const path = pathOf(`/lib/modules/${release}`);
  if (!release || release.startsWith("-") || more.length > 0 || path === undefined) {
    throw new NotUnderstood(`depmod ${args.join(" ")}`);
  }
  world.modules.add(`/${path}`);
  return 0;
}

/** `su -s SHELL USER -c 'PROGRAM WORDS'`, where the program only makes a cache. */
function asUser(world: ScriptWorld, args: readonly string[]): number | undefined {
  const at = args.indexOf("-c");
  const command = args[at + 1] ?? "";
  if (at < 0 || at !== args.length - 2 || !/^[\w./ =-]+$/.test(command)) return undefined;
  const [program = "", ...rest] = command.split(" ").filter((word) => word !== "");
  return programOf(program)?.is === "cache" ? runExternal(world, program, rest) : undefined;
}
