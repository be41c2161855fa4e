import { gzipSync } from "node:zlib";
import type { Arch } from "../../../lib/brand.ts";
import { moduleFile, type ModuleSpec } from "../format/elf_file.ts";
import type { PackageSpec } from "../build/lab_repository.ts";

/** Modules of which each feature of an initramfs knows one, and two that need another. */
const MODULES: Readonly<Record<string, ModuleSpec>> = {
  "drivers/ata/ahci": { info: ["alias=pci:v*d*sv*sd*bc01sc06i01*"] },
  "drivers/block/virtio_blk": { info: ["alias=virtio:d00000002v*"] },
  "drivers/md/dm-mod": { exports: ["dm_register_target"] },
  "drivers/md/dm-crypt": { imports: ["dm_register_target"], info: ["depends=dm-mod"] },
  "drivers/mmc/core/mmc_block": { info: ["alias=mmc:block"] },
  "drivers/net/wireless/intel/iwlwifi": { info: ["firmware=iwlwifi-9000.ucode"] },
  "drivers/nvme/host/nvme": { info: ["alias=pci:v*d*sv*sd*bc01sc08i02*"] },
  "drivers/usb/storage/usb-storage": { info: ["alias=usb:v*p*d*dc*dsc*dp*ic08isc06ip50in*"] },
  "fs/ext4/ext4": { imports: ["jbd2_journal_start"], info: ["softdep=pre: crc32c"] },
  "fs/fat/fat": { exports: ["fat_fill_super"] },
  "fs/fat/vfat": { imports: ["fat_fill_super"], info: ["depends=fat"] },
  "fs/jbd2/jbd2": { exports: ["jbd2_journal_start"] },
  "fs/nls/nls_utf8": {},
};

/** Where Alpine's kernel packages put what, with modules packed as Alpine packs them. */
export function kernelFiles(
  flavour: string,
  version: string,
  arch: Arch,
): NonNullable<PackageSpec["files"]> {
  const release = releaseOf(version, flavour);
  const modules = `lib/modules/${release}`;
  const bits = arch === "armv7" ? 32 : 64;
  const paths = Object.keys(MODULES).map((path) => `kernel/${path}.ko.gz`);
  return {
    [`boot/vmlinuz-${flavour}`]: `stands in for ${release}\n`,
    [`boot/config-${flavour}`]: "CONFIG_MODULES=y\nCONFIG_MODULE_COMPRESS_GZIP=y\n",
    [`boot/System.map-${flavour}`]: "0000000000000000 T _text\n",
    [`usr/share/kernel/${flavour}/kernel.release`]: `${release}\n`,
    [`${modules}/modules.builtin`]: "kernel/crypto/crc32c_generic.ko\n",
    [`${modules}/modules.builtin.modinfo`]: "crc32c_generic.license=GPL\0",
    [`${modules}/modules.order`]: paths.map((path) => `${path.replace(/\.gz$/, "")}\n`).join(""),
    ...Object.fromEntries(
      Object.entries(MODULES).map(([path, spec]) => [
        `${modules}/kernel/${path}.ko.gz`,
        new Uint8Array(gzipSync(moduleFile({ bits, ...spec }))),
      ]),
    ),
  };
}

/** Version 6.6.34-r1 of linux-lts is kernel 6.6.34-1-lts. */
export function releaseOf(version: string, flavour: string): string {
  return `${version.replace(/-r(\d+)$/, "-$1")}-${flavour}`;
}
