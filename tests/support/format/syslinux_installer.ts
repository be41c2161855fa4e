const ENCODER = new TextEncoder();
export const MAGIC = 0x3eb202fe;
const BUILD = 0x5e740f71;
export const LOADER_SIZE = 1000;

const ascii = (text: string) => ENCODER.encode(text);

/** A boot sector of SYSLINUX as far as it is looked at. */
export function bootSector(): Uint8Array {
  const bytes = new Uint8Array(512);
  const view = new DataView(bytes.buffer);
  bytes.set([0xeb, 0x58, 0x90]);
  bytes.set(ascii("SYSLINUX"), 3);
  view.setUint32(200, BUILD, true);
  view.setUint32(0x1f8, MAGIC, true);
  view.setUint16(0x1fe, 0xaa55, true);
  return bytes;
}

/** A loader with a patch area at 24, its extension at 600 and the unpacking code at 300. */
export function loader(): Uint8Array {
  const bytes = new Uint8Array(LOADER_SIZE).fill(0x11, 700);
  const view = new DataView(bytes.buffer);
  bytes.set(ascii("\r\nSYSLINUX 6.04 \0\r\n\x1a"));
  view.setUint32(24, MAGIC, true);
  view.setUint32(28, BUILD, true);
  view.setUint16(24 + 22, 600, true);
  [560, 0, 0, 0, 0, 640, 3, 300, 306, 0].forEach((value, i) => {
    view.setUint16(600 + 2 * i, value, true);
  });
  bytes.set([0x68, 0, 0, 0, 0, 0x54, 0x68, 0, 0, 0x10, 0, 0xff, 0x35], 300);
  view.setUint32(313, 0x8000 + 400, true);
  bytes[317] = 0x68;
  view.setUint32(318, 0x8000 + 700, true);
  bytes[322] = 0xe8;
  view.setUint32(400, LOADER_SIZE - 700, true);
  return bytes;
}

/** A program that carries both. */
export function installer(): Uint8Array {
  const bytes = new Uint8Array(4000).fill(0x90);
  bytes.set(ascii("SYSLINUX is not always a boot sector"), 10);
  bytes.set(bootSector(), 96);
  bytes.set(loader(), 1024);
  return bytes;
}
