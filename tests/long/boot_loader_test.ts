import { loaderTest } from "../support/machine/loader_boot.ts";

const loaders = ["syslinux", "systemd-boot"] as const;
loaderTest({ table: "mbr", loaders, firmware: "bios" });
loaderTest({ table: "gpt", loaders, firmware: "bios" });
loaderTest({ table: "mbr", loaders, firmware: "uefi" });
