import { concat } from "../../../lib/bytes/bytes.ts";

/** What an ELF file of a test holds. */
export interface ElfSpec {
  readonly bits: 32 | 64;
  /** EM_* number. */
  readonly machine: number;
  readonly sections?: readonly { readonly name: string; readonly bytes: Uint8Array }[];
  readonly interpreter?: string;
  /** Makes the file dynamic: DT_* tags whose values are texts, in order. */
  readonly dynamic?: readonly (readonly [tag: number, text: string])[];
}

/** A kernel module as far as depmod looks at it. */
export interface ModuleSpec {
  readonly bits?: 32 | 64;
  readonly info?: readonly string[];
  readonly exports?: readonly string[];
  readonly imports?: readonly string[];
}

const ENCODER = new TextEncoder();
export const NEEDED = 1, SONAME = 14, RPATH = 15, RUNPATH = 29;

/** A little-endian ELF file: header, program headers, contents, section headers. */
export function elfFile(spec: ElfSpec): Uint8Array<ArrayBuffer> {
  const wide = spec.bits === 64;
  const head = wide ? 64 : 52, programEntry = wide ? 56 : 32;
  const segments = (spec.interpreter === undefined ? 0 : 1) + (spec.dynamic ? 2 : 0);
  const body: Uint8Array[] = [];
  let at = head + segments * programEntry;
  const add = (bytes: Uint8Array) => {
    body.push(bytes);
    at += bytes.length;
    return { offset: at - bytes.length, size: bytes.length };
  };
  const programs: Uint8Array[] = [];
  const program = (type: number, { offset, size }: { offset: number; size: number }) =>
    programs.push(
      wide
        ? concat([u32(type, 0), u64(offset, offset, offset, size, size, 1)])
        : u32(type, offset, offset, offset, size, size, 0, 1),
    );
  if (spec.interpreter !== undefined) program(3, add(ENCODER.encode(`${spec.interpreter}\0`)));
  if (spec.dynamic) {
    const { bytes: names, offsets } = stringTable(spec.dynamic.map(([, text]) => text));
    const table = add(names);
    const tags = [[5, table.offset], [10, table.size]];
    spec.dynamic.forEach(([tag], i) => tags.push([tag, offsets[i]!]));
    program(2, add(wide ? u64(...tags.flat(), 0, 0) : u32(...tags.flat(), 0, 0)));
    program(1, { offset: 0, size: at });
  }
  const sections = [{ name: "", bytes: new Uint8Array() }, ...(spec.sections ?? [])];
  const { bytes: names, offsets } = stringTable([...sections.map((s) => s.name), ".shstrtab"]);
  const headers = [...sections, { name: ".shstrtab", bytes: names }].map(({ bytes }, i) => {
    const { offset, size } = add(bytes);
    return wide
      ? concat([u32(offsets[i]!, i === 0 ? 0 : 1), u64(0, 0, offset, size), u32(0, 0), u64(1, 0)])
      : u32(offsets[i]!, i === 0 ? 0 : 1, 0, 0, offset, size, 0, 0, 1, 0);
  });
  const ident = [0x7f, 0x45, 0x4c, 0x46, wide ? 2 : 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0];
  const places = [0, segments > 0 ? head : 0, at];
  return concat([
    Uint8Array.from(ident),
    u16(3, spec.machine),
    u32(1),
    wide ? u64(...places) : u32(...places),
    u32(0),
    u16(head, programEntry, segments, wide ? 64 : 40, headers.length, headers.length - 1),
    ...programs,
    ...body,
    ...headers,
  ]);
}

/** A kernel module; exports are marked as with CONFIG_MODVERSIONS. */
export function moduleFile(spec: ModuleSpec): Uint8Array<ArrayBuffer> {
  const bits = spec.bits ?? 64;
  const symbols = [
    ...(spec.exports ?? []).map((name) => ({ name: `__crc_${name}`, section: 0xfff1 })),
    ...(spec.imports ?? []).map((name) => ({ name, section: 0 })),
  ];
  const { bytes: strtab, offsets } = stringTable(["", ...symbols.map((s) => s.name)]);
  const table = [{ section: 0 }, ...symbols].map(({ section }, i) =>
    bits === 64
      ? concat([u32(offsets[i]!), u16(0x10, section), u64(0, 0)])
      : concat([u32(offsets[i]!, 0, 0), u16(0x10, section)])
  );
  return elfFile({
    bits,
    machine: bits === 64 ? 62 : 40,
    sections: [
      { name: ".modinfo", bytes: ENCODER.encode((spec.info ?? []).map((i) => `${i}\0`).join("")) },
      { name: ".symtab", bytes: concat(table) },
      { name: ".strtab", bytes: strtab },
    ],
  });
}

function stringTable(texts: readonly string[]): { bytes: Uint8Array; offsets: number[] } {
  const offsets: number[] = [];
  let all = "\0";
  for (const text of texts) {
    offsets.push(text === "" ? 0 : all.length);
    if (text !== "") all += `${text}\0`;
  }
  return { bytes: ENCODER.encode(all), offsets };
}

function u16(...values: number[]): Uint8Array {
  return new Uint8Array(Uint16Array.from(values).buffer);
}

function u32(...values: number[]): Uint8Array {
  return new Uint8Array(Uint32Array.from(values).buffer);
}

function u64(...values: number[]): Uint8Array {
  return u32(...values.flatMap((v) => [v % 2 ** 32, Math.floor(v / 2 ** 32)]));
}
