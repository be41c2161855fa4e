import { fromFileUrl, join } from "@std/path";
import { TowerError } from "../../lib/errors.ts";
import { memorySource } from "../../lib/bytes/bytes.ts";
import { readElf, sectionBytes } from "../../lib/format/elf.ts";
import type { Runner } from "../../lib/proc/command.ts";
import { readBytes, tempDir } from "../../lib/files/files.ts";
import type { Machine } from "./elf_layout.ts";

/** Names of a compiler for each machine, as Debian calls them. */
const COMPILERS: Readonly<Record<Machine, { program: string; debian: string }>> = {
  x86_64: { program: "x86_64-linux-gnu-gcc", debian: "gcc" },
  aarch64: { program: "aarch64-linux-gnu-gcc", debian: "gcc-aarch64-linux-gnu" },
};

/** Code that stands alone: it runs before there is a C library, at any address. */
const FLAGS = [
  "-std=gnu11",
  "-Os",
  "-Wall",
  "-Wextra",
  "-Werror",
  "-ffreestanding",
  "-fno-builtin",
  "-fPIE",
  "-fno-stack-protector",
  "-fno-asynchronous-unwind-tables",
  "-fno-unwind-tables",
  "-fno-jump-tables",
  "-fno-tree-loop-distribute-patterns",
  "-nostdlib",
  "-static",
  "-Wl,--build-id=none",
  "-Wl,-z,noexecstack",
];

/** The first code of packed programs, and what made it. */
export interface Stub {
  readonly code: Uint8Array;
  /** First line of the compiler's `--version`. */
  readonly compiler: string;
}

/** The folder of the stub's sources. */
export const STUB_SOURCES = fromFileUrl(new URL("./stub", import.meta.url));

/**
 * Compiles the stub.
 *
 * @param sources Folder with `start.S`, `stub.c`, `linux.h` and `stub.ld`.
 * @throws {TowerError} `tool` without a compiler; `unsupported` when the compiler made anything
 * but code, which nobody would load or relocate.
 */
export async function buildStub(
  machine: Machine,
  runner: Runner,
  sources = STUB_SOURCES,
): Promise<Stub> {
  const { program, debian } = COMPILERS[machine];
  if (runner.which(program) === undefined) {
    throw new TowerError("tool", `Cannot compile the stub for ${machine}: no "${program}"`, {
      hint: `run: sudo apt-get install ${debian}`,
    });
  }
  using work = tempDir();
  const output = join(work.path, "stub");
  await runner.run({
    argv: [program, ...FLAGS, "-Wl,-T,stub.ld", "-o", output, "start.S", "stub.c"],
    cwd: sources,
  });
  const version = await runner.run({ argv: [program, "--version"] });
  return {
    code: codeOf(readBytes(output, 1 << 20)),
    compiler: new TextDecoder().decode(version.stdout).split("\n")[0]!,
  };
}

/** @throws {TowerError} `unsupported` when there is data or a relocation. */
export function codeOf(bytes: Uint8Array): Uint8Array {
  const elf = readElf(memorySource(bytes));
  for (const { name, size } of elf.sections) {
    if (size > 0 && /^\.(data|bss|got|rela?|tdata|tbss)/.test(name)) {
      throw new TowerError("unsupported", `Cannot use the stub: it has ${size} bytes of ${name}`, {
        hint: "constants and functions only: no variables, no tables of addresses",
      });
    }
  }
  const code = sectionBytes(elf, ".text");
  if (!code) throw new TowerError("malformed", "Cannot use the stub: it has no code");
  return code;
}
