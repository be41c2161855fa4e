import { loaderTest } from "../support/machine/loader_boot.ts";

const loaders = ["syslinux", "systemd-boot"] as const;
loaderTest({ table: "mbr", loaders: ["syslinux"], firmware: "bios" });
loaderTest({ table: "gpt", loaders, firmware: "uefi" });
