import { concat } from "../../bytes/bytes.ts";
import type { InstalledPackage } from "../installation.ts";
import type { ScriptKind, UnpackedPackage } from "../types.ts";

const BLOCK = 512;
const ENCODER = new TextEncoder();

/** Order of a package's scripts in the archive (apk-tools src/apk_package.h). */
const ORDER: readonly ScriptKind[] = [
  "pre-install",
  "post-install",
  "pre-deinstall",
  "post-deinstall",
  "pre-upgrade",
  "post-upgrade",
  "trigger",
];

/** A script of a package as bytes, or undefined. */
export function scriptOf(unpacked: UnpackedPackage, kind: ScriptKind): Uint8Array | undefined {
  const script = unpacked.scripts.find((s) => s.kind === kind);
  return script && Uint8Array.fromBase64(script.base64);
}

/**
 * `lib/apk/db/scripts.tar` with the bytes that apk-tools 2.14 writes (src/io_archive.c): its
 * headers have the old GNU magic, and size and time fill their fields without an end mark, which
 * is why `lib/format/tar.ts` is of no use here.
 *
 * @param packages In the order of installation.
 */
export function scriptsArchive(
  packages: readonly InstalledPackage[],
  epoch: number,
): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [];
  for (const { package: unpacked } of packages) {
    const { info, identity } = unpacked;
    // apk does not open a package of installed size 0, so it never sees its scripts.
    if (info.installedSize === 0) continue;
    for (const kind of ORDER) {
      const script = scriptOf(unpacked, kind);
      if (!script) continue;
      const name = ENCODER.encode(`${info.name}-${info.version}.${identity}.${kind}`);
      // Where apk would cut a long name, and lose the script, the GNU extension that it reads
      // keeps it.
      if (name.length > 99) parts.push(header(LONG_NAME, "L", name.length + 1, 0), padded(name, 1));
      parts.push(header(name.subarray(0, 99), "0", script.length, info.buildTime || epoch));
      parts.push(padded(script, 0));
    }
  }
  return concat([...parts, new Uint8Array(2 * BLOCK)]);
}

const LONG_NAME = ENCODER.encode("././@LongLink");

function header(name: Uint8Array, flag: string, size: number, mtime: number): Uint8Array {
  const block = new Uint8Array(BLOCK);
  const text = (at: number, value: string) => block.set(ENCODER.encode(value), at);
  block.set(name);
  text(100, "0000755\0");
  text(108, "0000000\0");
  text(116, "0000000\0");
  text(124, octal(size, 12));
  text(136, octal(mtime, 12));
  text(148, "        ");
  text(156, flag);
  text(257, "ustar  \0");
  text(265, "root");
  text(297, "root");
  text(148, `${octal(block.reduce((sum, byte) => sum + byte, 0), 6)}\0 `);
  return block;
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, "0");
}

/** Bytes with at least `end` zeros behind them, filled up to whole blocks. */
function padded(bytes: Uint8Array, end: number): Uint8Array {
  const out = new Uint8Array(Math.ceil((bytes.length + end) / BLOCK) * BLOCK);
  out.set(bytes);
  return out;
}
