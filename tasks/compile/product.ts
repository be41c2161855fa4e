import { join } from "@std/path";
import { TowerError } from "../../lib/errors.ts";
import { concat } from "../../lib/bytes/bytes.ts";
import type { Runner } from "../../lib/proc/command.ts";
import { readBytes, tempDir, writeFileAtomic } from "../../lib/files/files.ts";
import type { Bundle } from "./bundle.ts";
import { type CLibrary, fetchCLibrary } from "./c_library.ts";
import { checkPacked } from "./check_packed.ts";
import type { Machine } from "./elf_layout.ts";
import { packProgram } from "./pack.ts";
import { partNames } from "./parts.ts";
import type { Program } from "./programs.ts";
import { findRuntime } from "./find_runtime.ts";
import type { Runtime, RuntimeContext } from "./runtime.ts";
import { DENORT_START, denoStart, type Start, V8_FLAGS } from "./start.ts";
import { buildStub, type Stub } from "./stub.ts";

/** All that programs for one machine share. */
export interface Base {
  readonly machine: Machine;
  readonly runtime: Runtime;
  readonly stub: Stub;
  readonly library: CLibrary;
}

/** Most bytes of a program. */
const SIZE_LIMIT = 105_000_000;

/** Gets what programs for a machine are made of. */
export async function prepareBase(
  machine: Machine,
  context: RuntimeContext & { readonly isFresh: boolean },
): Promise<Base> {
  const { runner, cacheDir, isFresh } = context;
  const runtime = await findRuntime(machine, context);
  const stub = await buildStub(machine, runner);
  const library = await fetchCLibrary(machine, join(cacheDir, "c-library"), runner, isFresh);
  return { machine, runtime, stub, library };
}

/**
 * The bytes of a program as one file that runs on any Linux of its machine.
 *
 * @param deno The Deno that compiles: the one that runs.
 * @throws {TowerError} when the result could not run.
 */
export async function makeProgram(
  program: Program,
  bundle: Bundle,
  base: Base,
  { deno, runner }: { deno: string; runner: Runner },
): Promise<Uint8Array> {
  const bytes = base.runtime.kind === "deno"
    ? concat([packed(base, denoStart(bundle.loader)), bundle.parts])
    : await compile(program, bundle, base, { deno, runner });
  const { hasPayload, hasScript } = checkPacked(bytes);
  if (!hasPayload && !hasScript) {
    throw new TowerError("tool", `Cannot compile ${program.name}: Deno embedded nothing in it`);
  }
  if (hasScript) partNames(bytes);
  if (bytes.length > SIZE_LIMIT) {
    throw new TowerError(
      "limit",
      `Cannot ship ${program.name}: ${bytes.length} bytes are more than ${SIZE_LIMIT}`,
      { hint: "look for a large file among what is embedded" },
    );
  }
  return bytes;
}

/** The runtime with the C library inside, and how it is started. */
export function packed({ machine, runtime, stub, library }: Base, start?: Start): Uint8Array {
  const libraries = library.files;
  return packProgram(runtime.bytes, {
    ...{ machine, stub: stub.code, libraries },
    ...(start === undefined ? {} : { start }),
  });
}

/** `deno compile` with the packed denort: the parts lie in the file system that it embeds. */
async function compile(
  program: Program,
  { loader, parts }: Bundle,
  base: Base,
  { deno, runner }: { deno: string; runner: Runner },
): Promise<Uint8Array> {
  using work = tempDir();
  const at = (name: string) => join(work.path, name);
  writeFileAtomic(at("denort"), packed(base, DENORT_START), 0o755);
  writeFileAtomic(at("main.js"), new TextEncoder().encode(loader));
  writeFileAtomic(at("parts"), parts);
  // Deno embeds the times of files.
  for (const name of ["main.js", "parts"]) Deno.utimeSync(at(name), 0, 0);
  await runner.run({
    argv: [
      ...[deno, "compile", "--quiet", "--target", `${base.machine}-unknown-linux-gnu`] as const,
      // All code was bundled: nothing may come from elsewhere, and no lock is needed any more.
      ...["--no-config", "--no-lock", "--no-remote", "--no-npm", "--no-check"],
      // A code cache in a temporary folder would let any user hand code to root.
      ...["--no-code-cache", V8_FLAGS],
      // Deno wants all permissions for what lies in /dev, /proc and /sys.
      ...["--allow-all", "--no-prompt", "--include", at("parts")],
      ...["--output", at(program.name), at("main.js")],
    ],
    // Here and not beside the sources: Deno takes node_modules of the folder it runs in.
    cwd: work.path,
    variables: { DENORT_BIN: at("denort"), DENO_NO_UPDATE_CHECK: "1", NO_COLOR: "1" },
  });
  return readBytes(at(program.name), 512 << 20);
}
