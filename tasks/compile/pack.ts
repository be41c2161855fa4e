import { TowerError } from "../../lib/errors.ts";
import { memorySource } from "../../lib/bytes/bytes.ts";
import { dynamicOf, readElf } from "../../lib/format/elf.ts";
import {
  formatHeaders,
  layoutOf,
  type Machine,
  MACHINE_FACTS,
  patchHeader,
  PF_R,
  PF_W,
  PF_X,
  PROGRAM_HEADER_SIZE,
  type ProgramHeader,
  type ProgramLayout,
  PT_HIDDEN_INTERP,
  PT_INTERP,
  PT_LOAD,
  PT_PHDR,
} from "./elf_layout.ts";
import { splitPayload } from "./payload.ts";
import type { Start } from "./start.ts";

/** What goes into a program beside itself. */
export interface PackParts {
  readonly machine: Machine;
  /** Machine code of stub/, ready for any page. */
  readonly stub: Uint8Array;
  /** The C library's files by name: its loader and all that the program needs. */
  readonly libraries: ReadonlyMap<string, Uint8Array>;
  /** As the user starts it where undefined. */
  readonly start?: Start;
}

/** Starts what the stub reads behind its code. */
export const STUB_MARK = "TOWERPK1";
/** Sizes of stub.c's tables. */
export const NAME_SIZE = 32, MOST_LIBRARIES = 16;
/** Where stub.c has its table of libraries. */
export const LIBRARIES_AT = 80;
export const STUB_DATA_SIZE = LIBRARIES_AT + MOST_LIBRARIES * (NAME_SIZE + 16);

/**
 * A program that needs glibc, made to run without any: the same file with the C library, its
 * loader, what it is started with and a first piece of code (stub/stub.c) behind it. The kernel no longer sees the name of
 * a loader, and enters the stub. Takes a `denort`, or what `deno compile` made of one.
 *
 * Nothing of the program moves; its ELF header and its table of program headers change.
 *
 * @throws {TowerError} `malformed` or `unsupported` for a program that cannot be packed,
 * `not-found` for a library that the program needs and is not given.
 */
export function packProgram(bytes: Uint8Array, parts: PackParts): Uint8Array<ArrayBuffer> {
  const { program, payload } = splitPayload(bytes);
  const layout = assertPackable(program, parts.machine);
  const libraries = librariesFor(program, parts);
  const places = placesOf(program, layout, parts, libraries);
  const out = new Uint8Array(places.end + payload.length);
  out.set(program);
  const headers = packedHeaders(layout, places);
  out.set(formatHeaders(headers), places.table);
  for (const { at, bytes } of [...places.libraries, ...places.lists]) out.set(bytes, at);
  if (places.script) out.set(places.script.bytes, places.script.at);
  out.set(parts.stub, places.stub);
  out.set(stubData(layout, places), places.stub + parts.stub.length);
  out.set(payload, places.end);
  const bias = places.bias;
  patchHeader(out, {
    entry: places.stub + bias,
    headersAt: places.table,
    count: headers.length,
  });
  return out;
}

interface Library {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** Bytes and their offset in the packed file. */
interface Placed {
  readonly at: number;
  readonly bytes: Uint8Array;
}

/** Offsets in the packed file. */
interface Places {
  /** What an address is above its offset. */
  readonly bias: number;
  readonly align: number;
  readonly table: number;
  readonly libraries: readonly (Library & Placed)[];
  /** Hidden variables, variables, words; nothing at 0 is none. */
  readonly lists: readonly Placed[];
  readonly script: Placed | undefined;
  /** Of what is only read. */
  readonly readEnd: number;
  readonly stub: number;
  readonly stubEnd: number;
  readonly scratch: number;
  readonly end: number;
}

/**
 * The layout of a program that can be packed.
 *
 * @throws {TowerError} `malformed`, `unsupported`, or `conflict` for one that is packed already.
 */
export function assertPackable(program: Uint8Array, machine: Machine): ProgramLayout {
  const layout = layoutOf(program);
  if (layout.headers.some((h) => h.type === PT_HIDDEN_INTERP)) {
    throw new TowerError("conflict", "Cannot pack program: it is already packed");
  }
  if (layout.machine !== machine) {
    throw new TowerError(
      "unsupported",
      `Cannot pack program: it is for ${layout.machine}, not for ${machine}`,
    );
  }
  if (!layout.headers.some((h) => h.type === PT_INTERP)) {
    throw new TowerError("unsupported", "Cannot pack program: it is static and needs no packing");
  }
  return layout;
}

/** The loader first, then what the program needs in its order. */
function librariesFor(program: Uint8Array, { machine, libraries }: PackParts): Library[] {
  const { loader } = MACHINE_FACTS[machine];
  const needed = neededBy(program);
  const names = [loader, ...needed.filter((name) => name !== loader)];
  if (names.length > MOST_LIBRARIES || names.some((name) => name.length >= NAME_SIZE)) {
    throw new TowerError("limit", "Cannot pack program: it needs too many libraries");
  }
  return names.map((name) => {
    const bytes = libraries.get(name);
    if (!bytes) {
      throw new TowerError("not-found", `Cannot pack program: it needs "${name}"`, {
        hint: "only the C library's own files are packed",
      });
    }
    // The loader would look in folders for a library that only another library needs.
    const missing = neededBy(bytes).find((other) => !names.includes(other));
    if (missing !== undefined) {
      throw new TowerError(
        "unsupported",
        `Cannot pack program: "${name}" needs "${missing}", which the program does not name`,
      );
    }
    return { name, bytes };
  });
}

function neededBy(bytes: Uint8Array): readonly string[] {
  return dynamicOf(readElf(memorySource(bytes)))?.needed ?? [];
}

function placesOf(
  program: Uint8Array,
  layout: ProgramLayout,
  { machine, stub, start }: PackParts,
  libraries: readonly Library[],
): Places {
  const align = MACHINE_FACTS[machine].page;
  const loads = layout.headers.filter((h) => h.type === PT_LOAD);
  const [first] = loads;
  if (!first) throw new TowerError("malformed", "Cannot pack program: it loads nothing");
  // One distance for old and new: kernels before 5.18 compute AT_PHDR from the first segment's.
  const bias = first.address - first.offset;
  const highest = Math.max(...loads.map((h) => h.address + h.memorySize)) - bias;
  const table = alignUp(Math.max(program.length, highest), align);
  let at = table + (layout.headers.length + 3) * PROGRAM_HEADER_SIZE;
  const place = (bytes: Uint8Array, alignment: number) => {
    const from = alignUp(at, alignment);
    at = from + bytes.length;
    return { bytes, at: from };
  };
  const placed = libraries.map((library) => ({ ...library, ...place(library.bytes, align) }));
  const lists = [start?.hidden, start?.variables, start?.script?.words].map((list) =>
    list === undefined ? { bytes: new Uint8Array(), at: 0 } : place(listOf(list), 1)
  );
  const script = start?.script && place(start.script.bytes, align);
  const readEnd = at;
  const stubAt = alignUp(at, align);
  const stubEnd = stubAt + stub.length + STUB_DATA_SIZE;
  const scratch = alignUp(stubEnd, align);
  // The scratch page has its bytes in the file: what deno compile 2.9 appends starts on a page of
  // its own then, also where the kernel's pages are larger than the 4096 bytes it counts with.
  return {
    ...{ bias, align, table, libraries: placed, lists, script, readEnd },
    ...{ stub: stubAt, stubEnd, scratch },
    end: scratch + align,
  };
}

function packedHeaders(layout: ProgramLayout, places: Places): ProgramHeader[] {
  const { table, readEnd, stub, stubEnd, scratch, end, bias, align } = places;
  const load = (flags: number, from: number, to: number): ProgramHeader => ({
    type: PT_LOAD,
    flags,
    offset: from,
    address: from + bias,
    fileSize: to - from,
    memorySize: to - from,
    align,
  });
  const size = (layout.headers.length + 3) * PROGRAM_HEADER_SIZE;
  const added = [
    load(PF_R, table, readEnd),
    load(PF_R | PF_X, stub, stubEnd),
    load(PF_R | PF_W, scratch, end),
  ];
  const old = layout.headers.map((h): ProgramHeader => {
    if (h.type === PT_INTERP) return { ...h, type: PT_HIDDEN_INTERP };
    if (h.type !== PT_PHDR) return h;
    return { ...h, offset: table, address: table + bias, fileSize: size, memorySize: size };
  });
  // PT_LOAD entries stand in the order of their addresses (System V gABI).
  const behind = old.findLastIndex((h) => h.type === PT_LOAD) + 1;
  return [...old.slice(0, behind), ...added, ...old.slice(behind)];
}

/** What stub.c calls `packed`. */
function stubData(layout: ProgramLayout, places: Places): Uint8Array {
  const { bias, stub, scratch, libraries, lists, script } = places;
  const bytes = new Uint8Array(STUB_DATA_SIZE);
  const data = new DataView(bytes.buffer);
  const text = new TextEncoder();
  bytes.set(text.encode(STUB_MARK));
  const address = ({ at }: { at: number }) => at === 0 ? 0 : at + bias;
  const words = [
    ...[stub + bias, layout.entry, scratch + bias, libraries.length, ...lists.map(address)],
    ...[script ? address(script) : 0, script?.bytes.length ?? 0],
  ];
  words.forEach((value, i) => data.setBigUint64(8 + i * 8, BigInt(value), true));
  libraries.forEach((library, i) => {
    const at = LIBRARIES_AT + i * (NAME_SIZE + 16);
    bytes.set(text.encode(library.name), at);
    data.setBigUint64(at + NAME_SIZE, BigInt(library.at + bias), true);
    data.setBigUint64(at + NAME_SIZE + 8, BigInt(library.bytes.length), true);
  });
  return bytes;
}

/** Texts with a zero behind each, and one more (stub/stack.h). */
function listOf(texts: readonly string[]): Uint8Array {
  return new TextEncoder().encode([...texts, ""].map((text) => `${text}\0`).join(""));
}

function alignUp(value: number, align: number): number {
  return Math.ceil(value / align) * align;
}
