import { TowerError } from "../errors.ts";
import type { ByteSource } from "../bytes/bytes.ts";
import { type Elf, readElf, sectionBytes, sectionStrings, symbolsOf } from "../format/elf.ts";
import { packingOf, unpackModule } from "./compression.ts";

/** What a kernel module says of itself. */
export interface KernelModule {
  /** Name as the kernel has it: the file's name up to its first dot, `-` as `_`. */
  readonly name: string;
  /** Path below `lib/modules/RELEASE`, compression suffix included. */
  readonly path: string;
  /** Pairs of `.modinfo` in order: alias, softdep, firmware, depends and others; keys repeat. */
  readonly info: readonly (readonly [key: string, value: string])[];
  /** Symbols it gives to other modules, in the file's order. */
  readonly exports: readonly string[];
  /** Symbols it needs from the kernel or other modules, in the order that depmod meets them. */
  readonly imports: readonly string[];
}

/** `snd-hda` and `snd_hda.ko.gz` are both module `snd_hda` (kmod modname_normalize). */
export function moduleName(fileName: string): string {
  return fileName.slice(fileName.lastIndexOf("/") + 1).split(".")[0]!.replaceAll("-", "_");
}

/** All values of one key of a module's information. */
export function infoOf(module: KernelModule, key: string): string[] {
  return module.info.filter(([k]) => k === key).map(([, value]) => value);
}

/**
 * Reads what a module file exports, imports and tells of itself.
 *
 * @param path below `lib/modules/RELEASE`; its suffix tells the compression
 * @throws {TowerError} `malformed`, `unsupported` (xz), `limit`; the message names the module.
 */
export function readModule(source: ByteSource, path: string): KernelModule {
  try {
    const elf = readElf(unpackModule(source, packingOf(path) ?? "none"));
    const symbols = symbolsOf(elf, CRC);
    return {
      name: moduleName(path),
      path,
      info: sectionStrings(elf, ".modinfo").map(splitInfo),
      exports: exportsOf(elf, symbols.map((s) => s.name)),
      imports: importsOf(elf, symbols.filter((s) => s.section === 0).map((s) => s.name)),
    };
  } catch (cause) {
    if (!(cause instanceof TowerError)) throw cause;
    throw new TowerError(cause.code, `Cannot read kernel module "${path}"`, {
      cause,
      ...(cause.hint === undefined ? {} : { hint: cause.hint }),
    });
  }
}

function splitInfo(line: string): readonly [string, string] {
  const equals = line.indexOf("=");
  return equals < 0 ? [line, ""] : [line.slice(0, equals), line.slice(equals + 1)];
}

/** `__crc_NAME` marks an exported symbol where the kernel has CONFIG_MODVERSIONS. */
const CRC = "__crc_";

function exportsOf(elf: Elf, symbols: readonly string[]): string[] {
  const marked = symbols.filter((name) => name.startsWith(CRC)).map((n) => n.slice(CRC.length));
  return marked.length > 0 ? marked : sectionStrings(elf, "__ksymtab_strings");
}

/**
 * Undefined symbols, then those that only `__versions` names (`module_layout`). A record there
 * is a checksum as wide as the machine's word and the name, 64 bytes in all.
 */
function importsOf(elf: Elf, undefinedSymbols: readonly string[]): string[] {
  const wanted = undefinedSymbols.filter((name) => name !== "");
  const versions = sectionBytes(elf, "__versions");
  if (!versions || versions.length % 64 !== 0) return wanted;
  const seen = new Set(wanted);
  // Decoded at once: one byte is one UTF-16 unit in this encoding, and names are nearly always ASCII.
  const text = new TextDecoder("latin1").decode(versions);
  for (let at = 0; at < versions.length; at += 64) {
    const start = at + elf.bits / 8;
    const end = text.indexOf("\0", start);
    const stop = end < 0 ? at + 64 : Math.min(end, at + 64);
    const name = text.slice(start, stop);
    if (seen.has(name)) continue;
    const isAscii = /^[\x00-\x7f]*$/.test(name);
    const symbol = isAscii ? name : new TextDecoder().decode(versions.subarray(start, stop));
    if (!seen.has(symbol)) wanted.push(symbol);
  }
  return wanted;
}
