import { TowerError } from "../../lib/errors.ts";
import {
  layoutOf,
  MACHINE_FACTS,
  PF_R,
  PF_W,
  PF_X,
  type ProgramHeader,
  PT_HIDDEN_INTERP,
  PT_INTERP,
  PT_LOAD,
  PT_PHDR,
} from "./elf_layout.ts";
import { LIBRARIES_AT, NAME_SIZE, STUB_DATA_SIZE, STUB_MARK } from "./pack.ts";
import { splitPayload } from "./payload.ts";

/** What a packed program holds. */
export interface PackedProgram {
  /** Names of the embedded libraries, the loader first. */
  readonly libraries: readonly string[];
  /** Whether `deno compile` appended data to it: u32 trailer (to 2.8) or a note (2.9). */
  readonly hasPayload: boolean;
  /** Whether it is started with a script of its own. */
  readonly hasScript: boolean;
}

/**
 * Checks that a packed program is whole: tools such as strip and patchelf break it, as they take
 * along only what sections name.
 *
 * @throws {TowerError} `malformed` with what is wrong.
 */
export function checkPacked(bytes: Uint8Array): PackedProgram {
  const { program, payload } = splitPayload(bytes);
  const layout = layoutOf(program);
  const { headers } = layout;
  const loads = headers.filter((h) => h.type === PT_LOAD);
  const hidden = headers.filter((h) => h.type === PT_HIDDEN_INTERP).length;
  if (hidden !== 1 || headers.some((h) => h.type === PT_INTERP)) throw broken("it is not packed");
  const align = MACHINE_FACTS[layout.machine].page;
  const [first] = loads;
  if (!first) throw broken("it loads nothing");
  const bias = first.address - first.offset;
  const stub = loads.find((h) => isIn(h, layout.entry));
  if (!stub || stub.flags !== (PF_R | PF_X)) throw broken("its entry point is not the stub's");
  const at = stub.offset + stub.fileSize - STUB_DATA_SIZE;
  const data = new DataView(program.buffer, program.byteOffset, program.length);
  if (at < 0 || textAt(program, at, STUB_MARK.length) !== STUB_MARK) {
    throw broken("the stub's data are not where they belong");
  }
  const word = (offset: number) => Number(data.getBigUint64(offset, true));
  const [self, entry, scratch, count] = [word(at + 8), word(at + 16), word(at + 24), word(at + 32)];
  if (self !== layout.entry) throw broken("it was moved");
  if (!loads.some((h) => h.flags & PF_X && h !== stub && isIn(h, entry))) {
    throw broken("the program's own entry point is gone");
  }
  const added = [stub, ...loads.filter((h) => isIn(h, scratch))];
  if (added.length !== 2 || added[1]!.flags !== (PF_R | PF_W)) {
    throw broken("it has no scratch page");
  }
  const [script, scriptSize] = [word(at + 64), word(at + 72)];
  if (script !== 0 && !loads.some((h) => isIn(h, script) && isIn(h, script + scriptSize - 1))) {
    throw broken("its script is gone");
  }
  const libraries: string[] = [];
  for (let i = 0; i < count; i++) {
    const row = at + LIBRARIES_AT + i * (NAME_SIZE + 16);
    const address = word(row + NAME_SIZE), size = word(row + NAME_SIZE + 8);
    const segment = loads.find((h) => isIn(h, address) && isIn(h, address + size - 1));
    const offset = segment ? address - segment.address + segment.offset : 0;
    if (!segment || data.getUint32(offset) !== 0x7f454c46) throw broken("a library is gone");
    added.push(segment);
    libraries.push(textAt(program, row, NAME_SIZE).replace(/\0.*$/s, ""));
  }
  for (const h of added) {
    if (h.offset + h.fileSize > program.length || h.fileSize !== h.memorySize) {
      throw broken("a segment is cut off");
    }
    if (h.offset % align !== 0 || h.address - h.offset !== bias) throw broken("it was moved");
  }
  const table = headers.find((h) => h.type === PT_PHDR);
  if (!table || table.offset !== layout.headersAt) throw broken("its program headers were moved");
  const last = loads.at(-1)!;
  return {
    libraries,
    hasPayload: payload.length > 0 || last.address > scratch,
    hasScript: script !== 0,
  };
}

function isIn(h: ProgramHeader, address: number): boolean {
  return address >= h.address && address < h.address + h.memorySize;
}

function textAt(bytes: Uint8Array, at: number, length: number): string {
  return new TextDecoder("latin1").decode(bytes.subarray(at, at + length));
}

function broken(cause: string): TowerError {
  return new TowerError("malformed", `Cannot use packed program: ${cause}`, {
    hint: "pack a fresh one; strip, patchelf and upx break it",
  });
}
