import { type ByteSource, readExactly } from "../bytes/bytes.ts";
import { readPe } from "../format/pe/headers.ts";

/** Longest command line that is read, in bytes. */
const LIMIT = 1 << 16;
/** IMAGE_FILE_MACHINE_AMD64. */
const X86_64 = 0x8664;

/** The root hash that a kernel's command line names (`roothash=`), in hexadecimal; undefined where it names none. */
export function rootHashNamed(commandLine: string): string | undefined {
  return /(?:^|\s)roothash=([0-9a-f]{64})(?:[\s\0]|$)/.exec(commandLine)?.[1];
}

/**
 * The root hash on the command line of a unified kernel image for PCs; undefined where there is none.
 * @throws {TowerError} `malformed`, `unsupported` as {@linkcode readPe}
 */
export function rootHashOfProgram(program: ByteSource): string | undefined {
  const { machine, sections } = readPe(program);
  if (machine !== X86_64) return undefined;
  const section = sections.find(({ name }) => name === ".cmdline");
  if (section === undefined || section.virtualSize > LIMIT) return undefined;
  const size = Math.min(section.virtualSize, section.rawSize);
  return rootHashNamed(new TextDecoder().decode(readExactly(program, section.rawOffset, size)));
}
