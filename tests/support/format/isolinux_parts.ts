/** Files of ISOLINUX as far as they are looked at, by path in a tree. */
export function isolinuxParts(): Readonly<Record<string, Uint8Array | string>> {
  const loader = new Uint8Array(5000).fill(0x90);
  loader.set([0xfb, 0xc0, 0x78, 0x70], 64);
  return {
    "usr/share/syslinux/isolinux.bin": loader,
    "usr/share/syslinux/isohdpfx.bin": new Uint8Array(432).fill(0xcc),
    "usr/share/syslinux/ldlinux.c32": "module",
  };
}
