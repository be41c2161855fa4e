import type { Arch } from "../../../lib/brand.ts";
import type { IndexedPackage, ScriptKind } from "../../../lib/apk/types.ts";
import type { PackageSpec } from "../build/lab_repository.ts";
import { ownScript } from "../script_facts/script_facts.ts";
import { standInFiles } from "./stand_in_files.ts";

/** Directories whose changes call a package's trigger. */
const TRIGGERS: Readonly<Record<string, readonly string[]>> = {
  fontconfig: ["/usr/share/fonts/*"],
  kmod: ["/lib/modules/*"],
  mkfontscale: ["/usr/share/fonts/*"],
  mkinitfs: ["/usr/share/kernel/*"],
  "raspberrypi-bootloader-common": ["/boot"],
  syslinux: ["/boot"],
};

/**
 * A package that takes another's place: its name, version and all that an index says of it, as
 * much content as systems need, and scripts of our own that do what the real ones do.
 */
export function standIn(item: IndexedPackage, arch: Arch): PackageSpec {
  const { identity: _i, size: _s, installedSize: _n, uninstallable: _u, ...told } = item;
  const script = (kind: ScriptKind & ("pre-install" | "post-install" | "trigger")) => {
    const text = kind === "trigger" && !(item.name in TRIGGERS)
      ? undefined
      : ownScript(item.name, kind);
    return text === undefined ? {} : { [kind]: text };
  };
  return {
    ...told,
    arch,
    triggers: TRIGGERS[item.name] ?? [],
    files: standInFiles(item, arch),
    scripts: { ...script("pre-install"), ...script("post-install"), ...script("trigger") },
  };
}

/** What the indexes of PCs do not have: the Raspberry Pi's kernel and firmware. */
export const RASPBERRY_PI: readonly Pick<
  IndexedPackage,
  "name" | "version" | "depends" | "provides"
>[] = [
  {
    name: "linux-rpi",
    version: "6.6.31-r0",
    depends: ["initramfs-generator", "linux-firmware-brcm", "linux-firmware-cypress"],
    provides: [],
  },
  {
    name: "raspberrypi-bootloader",
    version: "1.20240306-r0",
    depends: ["raspberrypi-bootloader-common=1.20240306-r0"],
    provides: [],
  },
  {
    name: "raspberrypi-bootloader-common",
    version: "1.20240306-r0",
    depends: [],
    provides: ["cmd:update-raspberrypi-bootloader=1.20240306-r0"],
  },
];
