/**
 * Sets of modules by what a machine may be made of. A kernel has some of a set as modules, some
 * built in and some not at all, so what is missing is no error as long as one is known.
 * Members are module names with globs, or paths below `lib/modules/RELEASE`.
 */
export const MODULE_FEATURES: ReadonlyMap<string, readonly string[]> = new Map(Object.entries({
  ata: ["ahci", "ata_piix", "ata_generic", "pata_acpi", "sd_mod", "sr_mod"],
  // dm-crypt with AES where the processor has it, with Adiantum elsewhere; how cryptsetup asks
  // for ciphers. aes_ce_* and aes_neon_* are Arm's.
  crypt: [
    ...["dm_mod", "dm_crypt", "algif_skcipher", "algif_hash", "xts", "ecb", "aes_generic"],
    ...["aesni_intel", "aes_ce*", "aes_neon*", "aes_arm*", "sha256*", "adiantum", "chacha*"],
    "nhpoly1305*",
  ],
  ext4: ["ext4"],
  iso9660: ["isofs", "cdrom", "sr_mod"],
  mmc: ["mmc_block", "sdhci", "sdhci_pci", "sdhci_acpi", "sdhci_iproc", "bcm2835", "dw_mmc*"],
  nvme: ["nvme", "vmd"],
  scsi: ["sd_mod", "sr_mod", "mptspi", "mpt3sas", "megaraid_sas", "vmw_pvscsi", "hv_storvsc"],
  squashfs: ["squashfs", "loop", "overlay"],
  usb: [
    ...["ehci_pci", "ehci_platform", "ohci_pci", "uhci_hcd", "xhci_pci", "xhci_plat_hcd"],
    ...["usb_storage", "uas", "sd_mod", "usbhid", "hid_generic"],
  ],
  verity: ["dm_mod", "dm_verity", "sha256*", "squashfs", "overlay"],
  vfat: ["vfat", "nls_cp437", "nls_iso8859_1", "nls_utf8", "nls_ascii"],
  virtio: ["virtio_pci", "virtio_mmio", "virtio_blk", "virtio_scsi", "virtio_net", "virtio_rng"],
}));
