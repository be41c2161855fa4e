import { TowerError } from "../errors.ts";
import { type ByteSource, readExactly } from "../bytes/bytes.ts";

/** Sections beyond this are no kernel module or program that a package holds. */
const MAX_HEADERS = 65_535;
/** Most bytes of one section or segment that is loaded (symbol and string tables). */
const MAX_PART = 64 << 20;

/** A section header (elf(5), Elf64_Shdr). */
export interface ElfSection {
  readonly name: string;
  /** SHT_* number; 8 (NOBITS) holds no bytes in the file. */
  readonly type: number;
  readonly offset: number;
  readonly size: number;
}

/** A program header (elf(5), Elf64_Phdr). */
export interface ElfSegment {
  /** PT_* number: 1 LOAD, 2 DYNAMIC, 3 INTERP. */
  readonly type: number;
  readonly offset: number;
  readonly address: number;
  readonly fileSize: number;
}

/** A symbol of `.symtab` (elf(5), Elf64_Sym). */
export interface ElfSymbol {
  readonly name: string;
  /** Index of the section that defines it; 0 (SHN_UNDEF) where another file does. */
  readonly section: number;
}

/** What the dynamic loader reads of a program or library (ld.so(8)). */
export interface ElfDynamic {
  readonly needed: readonly string[];
  readonly soname: string | undefined;
  /** Directories of DT_RUNPATH, else of DT_RPATH, `$ORIGIN` not replaced. */
  readonly runpath: readonly string[];
}

/** An ELF file whose headers were read; the rest is read when it is asked for. */
export interface Elf {
  readonly source: ByteSource;
  readonly bits: 32 | 64;
  /** EM_* number: 3 i386, 40 ARM, 62 x86-64, 183 AArch64. */
  readonly machine: number;
  readonly sections: readonly ElfSection[];
  readonly segments: readonly ElfSegment[];
}

/** Whether a source starts as an ELF file does. */
export function isElf(source: ByteSource): boolean {
  const magic = new Uint8Array(4);
  return source.readAt(0, magic) === 4 && magic[0] === 0x7f && magic[1] === 0x45 &&
    magic[2] === 0x4c && magic[3] === 0x46;
}

/**
 * Reads the headers of a little-endian ELF file, 32 or 64 bits wide (elf(5), System V gABI).
 *
 * @throws {TowerError} `malformed`; `unsupported` for big-endian files.
 */
export function readElf(source: ByteSource): Elf {
  if (!isElf(source)) throw malformed("it has no ELF header");
  const ident = view(source, 0, 16, "header");
  const bits = ident.getUint8(4) === 2 ? 64 : ident.getUint8(4) === 1 ? 32 : undefined;
  if (bits === undefined) throw malformed("its class is unknown");
  if (ident.getUint8(5) !== 1) {
    throw new TowerError("unsupported", "Cannot read ELF file: it is not little-endian");
  }
  const wide = bits === 64;
  const head = view(source, 0, wide ? 64 : 52, "header");
  const at = wide ? 52 : 40; // e_ehsize; the six half words from here are the same in both
  return {
    source,
    bits,
    machine: head.getUint16(18, true),
    sections: readSections(source, bits, {
      offset: word(head, wide ? 40 : 32, wide),
      entrySize: head.getUint16(at + 6, true),
      count: head.getUint16(at + 8, true),
      names: head.getUint16(at + 10, true),
    }),
    segments: readSegments(source, bits, {
      offset: word(head, wide ? 32 : 28, wide),
      entrySize: head.getUint16(at + 2, true),
      count: head.getUint16(at + 4, true),
    }),
  };
}

/** The bytes of the first section with a name; undefined when there is none or it has none. */
export function sectionBytes(elf: Elf, name: string): Uint8Array | undefined {
  const section = elf.sections.find((s) => s.name === name);
  if (!section || section.type === 8) return undefined;
  return part(elf.source, section.offset, section.size, `section "${name}"`);
}

/** The texts of a section of NUL-terminated strings; empty ones are padding and left out. */
export function sectionStrings(elf: Elf, name: string): string[] {
  const bytes = sectionBytes(elf, name);
  return bytes ? decode(bytes).split("\0").filter((s) => s !== "") : [];
}

/**
 * Symbols of `.symtab` but the first (reserved), in order; none without the table. A module has
 * thousands for its own use: of those that a section of the file defines only the ones are read whose
 * names begin with `beginning`.
 */
export function symbolsOf(elf: Elf, beginning: string): ElfSymbol[] {
  const table = sectionBytes(elf, ".symtab");
  const strings = sectionBytes(elf, ".strtab");
  if (!table || !strings) return [];
  const entry = elf.bits === 64 ? 24 : 16;
  const sectionAt = elf.bits === 64 ? 6 : 14;
  if (table.length % entry !== 0) throw malformed("its symbol table is cut");
  const data = new DataView(table.buffer, table.byteOffset, table.length);
  const names = new StringTable(strings);
  const symbols: ElfSymbol[] = [];
  for (let at = entry; at < table.length; at += entry) {
    const nameAt = data.getUint32(at, true);
    const section = data.getUint16(at + sectionAt, true);
    names.require(nameAt);
    if (section === 0 || names.begins(nameAt, beginning)) {
      symbols.push({ name: names.at(nameAt), section });
    }
  }
  return symbols;
}

/** The program that starts this one (PT_INTERP), undefined for static programs and libraries. */
export function interpreterOf(elf: Elf): string | undefined {
  const segment = elf.segments.find((s) => s.type === 3);
  if (!segment) return undefined;
  if (segment.fileSize > 4096) throw malformed("its interpreter's name is too long");
  const bytes = part(elf.source, segment.offset, segment.fileSize, "interpreter");
  return decode(bytes).split("\0")[0];
}

/** The dynamic section, found as the loader does: by segments. Undefined for static programs. */
export function dynamicOf(elf: Elf): ElfDynamic | undefined {
  const segment = elf.segments.find((s) => s.type === 2);
  if (!segment) return undefined;
  const wide = elf.bits === 64;
  const bytes = part(elf.source, segment.offset, segment.fileSize, "dynamic segment");
  const data = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const tags: [tag: number, value: number][] = [];
  for (let at = 0, step = wide ? 16 : 8; at + step <= bytes.length; at += step) {
    const tag = word(data, at, wide);
    if (tag === 0) break;
    tags.push([tag, word(data, at + step / 2, wide)]);
  }
  const valueOf = (tag: number) => tags.find(([t]) => t === tag)?.[1];
  const address = valueOf(5), size = valueOf(10); // DT_STRTAB, DT_STRSZ
  if (address === undefined || size === undefined) throw malformed("it names no string table");
  const names = new StringTable(
    part(elf.source, fileOffset(elf, address), size, "dynamic string table"),
  );
  const text = (tag: number) => {
    const value = valueOf(tag);
    return value === undefined ? undefined : names.at(value);
  };
  return {
    needed: tags.filter(([t]) => t === 1).map(([, v]) => names.at(v)),
    soname: text(14),
    runpath: (text(29) ?? text(15) ?? "").split(":").filter((p) => p !== ""),
  };
}

interface Table {
  readonly offset: number;
  readonly entrySize: number;
  readonly count: number;
}

function readSections(
  source: ByteSource,
  bits: 32 | 64,
  table: Table & { names: number },
): ElfSection[] {
  if (table.offset === 0 || table.count === 0) return [];
  const wide = bits === 64;
  const data = tableView(source, table, wide ? 64 : 40, "section headers");
  const raw = Array.from({ length: table.count }, (_, i) => {
    const at = i * table.entrySize;
    return {
      nameAt: data.getUint32(at, true),
      type: data.getUint32(at + 4, true),
      offset: word(data, at + (wide ? 24 : 16), wide),
      size: word(data, at + (wide ? 32 : 20), wide),
    };
  });
  const strings = raw[table.names];
  if (!strings) throw malformed("it has no table of section names");
  const names = new StringTable(part(source, strings.offset, strings.size, "section names"));
  return raw.map(({ nameAt, ...section }) => ({ name: names.at(nameAt), ...section }));
}

function readSegments(source: ByteSource, bits: 32 | 64, table: Table): ElfSegment[] {
  if (table.offset === 0 || table.count === 0) return [];
  const wide = bits === 64;
  const data = tableView(source, table, wide ? 56 : 32, "program headers");
  return Array.from({ length: table.count }, (_, i) => {
    const at = i * table.entrySize;
    return {
      type: data.getUint32(at, true),
      offset: word(data, at + (wide ? 8 : 4), wide),
      address: word(data, at + (wide ? 16 : 8), wide),
      fileSize: word(data, at + (wide ? 32 : 16), wide),
    };
  });
}

function tableView(source: ByteSource, table: Table, entry: number, what: string): DataView {
  if (table.entrySize < entry || table.count > MAX_HEADERS) throw malformed(`bad ${what}`);
  return view(source, table.offset, table.count * table.entrySize, what);
}

/** Where an address of the loaded program lies in its file. */
function fileOffset(elf: Elf, address: number): number {
  for (const s of elf.segments) {
    if (s.type === 1 && address >= s.address && address < s.address + s.fileSize) {
      return s.offset + (address - s.address);
    }
  }
  throw malformed("an address lies outside of its segments");
}

/** Names by offset. The whole table is decoded once: a module has thousands of symbols. */
class StringTable {
  readonly #bytes: Uint8Array;
  /** One byte is one UTF-16 unit in this encoding, so offsets hold in the text as well. */
  readonly #text: string;
  readonly #lastEnd: number;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#text = new TextDecoder("latin1").decode(bytes);
    this.#lastEnd = bytes.lastIndexOf(0);
  }

  /** @throws {TowerError} `malformed` where no whole name lies there */
  require(offset: number): void {
    if (offset > this.#lastEnd) throw malformed("a name lies outside of its table");
  }

  /** @param beginning in ASCII */
  begins(offset: number, beginning: string): boolean {
    return this.#text.startsWith(beginning, offset);
  }

  /** @throws {TowerError} `malformed` */
  at(offset: number): string {
    this.require(offset);
    const end = this.#text.indexOf("\0", offset);
    const name = this.#text.slice(offset, end);
    return /^[\x00-\x7f]*$/.test(name) ? name : decode(this.#bytes.subarray(offset, end));
  }
}

function view(source: ByteSource, offset: number, size: number, what: string): DataView {
  const bytes = part(source, offset, size, what);
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

function part(source: ByteSource, offset: number, size: number, what: string): Uint8Array {
  if (size > MAX_PART || offset + size > source.size) {
    throw malformed(`its ${what} lies outside of the file`);
  }
  return readExactly(source, offset, size);
}

function word(data: DataView, at: number, wide: boolean): number {
  if (!wide) return data.getUint32(at, true);
  // Above 2^53 the number is rounded: offsets that large lie outside of any file, tags are small.
  return data.getUint32(at, true) + data.getUint32(at + 4, true) * 0x1_0000_0000;
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

function malformed(cause: string): TowerError {
  return new TowerError("malformed", `Cannot read ELF file: ${cause}`);
}
