import { TowerError } from "../../lib/errors.ts";

/** Machines that programs are made for, by the name that Deno, Linux and apk use. */
export const MACHINES = ["x86_64", "aarch64"] as const;
export type Machine = typeof MACHINES[number];

/** What differs from machine to machine. */
export interface MachineFacts {
  /** EM_* number of elf(5). */
  readonly number: number;
  /** File name of the C library's loader. */
  readonly loader: string;
  /** Largest page that kernels for it use: segments must not share one. */
  readonly page: number;
}

export const MACHINE_FACTS: Readonly<Record<Machine, MachineFacts>> = {
  x86_64: { number: 62, loader: "ld-linux-x86-64.so.2", page: 0x1000 },
  aarch64: { number: 183, loader: "ld-linux-aarch64.so.1", page: 0x10000 },
};

/** PT_* numbers of elf(5). */
export const PT_LOAD = 1, PT_INTERP = 3, PT_PHDR = 6;
/** Our own number in PT_INTERP's place: the kernel looks for no loader then. */
export const PT_HIDDEN_INTERP = 0x6c627835;
/** PF_* bits of elf(5). */
export const PF_X = 1, PF_W = 2, PF_R = 4;

/** Bytes of an ELF header and of a program header, 64 bits wide. */
export const HEADER_SIZE = 64, PROGRAM_HEADER_SIZE = 56;

/** Where the ELF header holds what packing reads or changes (elf(5), Elf64_Ehdr). */
const E_ENTRY = 24, E_PHOFF = 32, E_SHOFF = 40, E_PHNUM = 56, E_SHENTSIZE = 58, E_SHNUM = 60;

/** A program header (elf(5), Elf64_Phdr). */
export interface ProgramHeader {
  readonly type: number;
  readonly flags: number;
  readonly offset: number;
  readonly address: number;
  readonly fileSize: number;
  readonly memorySize: number;
  readonly align: number;
}

/** The parts of an ELF header that packing reads or changes. */
export interface ProgramLayout {
  readonly machine: Machine;
  readonly entry: number;
  readonly headersAt: number;
  readonly headers: readonly ProgramHeader[];
  /** End of the section headers, and so of what the linker wrote; 0 where there are none. */
  readonly sectionsEnd: number;
}

/**
 * Reads a position-independent program of 64 bits.
 *
 * @throws {TowerError} `malformed` when it is no ELF program; `unsupported` for another machine
 * or kind.
 */
export function layoutOf(bytes: Uint8Array): ProgramLayout {
  const data = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (bytes.length < HEADER_SIZE || data.getUint32(0) !== 0x7f454c46) {
    throw new TowerError("malformed", "Cannot pack program: it is not an ELF file");
  }
  // ELFCLASS64, ELFDATA2LSB, ET_DYN: denort is position-independent.
  if (bytes[4] !== 2 || bytes[5] !== 1 || data.getUint16(16, true) !== 3) {
    throw new TowerError(
      "unsupported",
      "Cannot pack program: it is not a position-independent ELF program of 64 bits",
    );
  }
  const number = data.getUint16(18, true);
  const machine = MACHINES.find((m) => MACHINE_FACTS[m].number === number);
  if (!machine) {
    throw new TowerError("unsupported", `Cannot pack program: its machine (${number}) is unknown`);
  }
  const headersAt = word(data, E_PHOFF);
  const count = data.getUint16(E_PHNUM, true);
  if (count === 0 || headersAt + count * PROGRAM_HEADER_SIZE > bytes.length) {
    throw new TowerError("malformed", "Cannot pack program: its program headers are cut off");
  }
  const sectionsAt = word(data, E_SHOFF);
  const sections = data.getUint16(E_SHNUM, true) * data.getUint16(E_SHENTSIZE, true);
  return {
    machine,
    entry: word(data, E_ENTRY),
    headersAt,
    headers: Array.from(
      { length: count },
      (_, i) => readHeader(data, headersAt + i * PROGRAM_HEADER_SIZE),
    ),
    sectionsEnd: sectionsAt === 0 ? 0 : sectionsAt + sections,
  };
}

/** Puts an entry point and the place of the program headers into an ELF header. */
export function patchHeader(
  bytes: Uint8Array,
  { entry, headersAt, count }: { entry: number; headersAt: number; count: number },
): void {
  const data = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  data.setBigUint64(E_ENTRY, BigInt(entry), true);
  data.setBigUint64(E_PHOFF, BigInt(headersAt), true);
  data.setUint16(E_PHNUM, count, true);
}

/** Program headers as bytes. */
export function formatHeaders(headers: readonly ProgramHeader[]): Uint8Array {
  const bytes = new Uint8Array(headers.length * PROGRAM_HEADER_SIZE);
  const data = new DataView(bytes.buffer);
  headers.forEach((h, i) => {
    const at = i * PROGRAM_HEADER_SIZE;
    data.setUint32(at, h.type, true);
    data.setUint32(at + 4, h.flags, true);
    // p_paddr means nothing here; linkers repeat the address.
    const words = [h.offset, h.address, h.address, h.fileSize, h.memorySize, h.align];
    words.forEach((value, j) => data.setBigUint64(at + 8 + j * 8, BigInt(value), true));
  });
  return bytes;
}

function readHeader(data: DataView, at: number): ProgramHeader {
  return {
    type: data.getUint32(at, true),
    flags: data.getUint32(at + 4, true),
    offset: word(data, at + 8),
    address: word(data, at + 16),
    fileSize: word(data, at + 32),
    memorySize: word(data, at + 40),
    align: word(data, at + 48),
  };
}

function word(data: DataView, at: number): number {
  return Number(data.getBigUint64(at, true));
}
