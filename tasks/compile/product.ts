import { dirname, join } from "@std/path";
import { TowerError } from "../../lib/errors.ts";
import type { Runner } from "../../lib/proc/command.ts";
import { readBytes, tempDir, writeFileAtomic } from "../../lib/store/files.ts";
import { type Bundle, bundleProgram, type Origin } from "./bundle.ts";
import { type CLibrary, fetchCLibrary } from "./c_library.ts";
import { checkPacked } from "./check_packed.ts";
import { type Denort, type DenortContext, findDenort } from "./denort.ts";
import type { Machine } from "./elf_layout.ts";
import { packProgram } from "./pack.ts";
import type { Program } from "./programs.ts";
import { STAND_IN_PRELUDE } from "./stand_in.ts";
import { buildStub, type Stub } from "./stub.ts";

/** All that programs for one machine share. */
export interface Base {
  readonly machine: Machine;
  readonly denort: Denort;
  readonly stub: Stub;
  readonly library: CLibrary;
  /** The denort with the C library inside. */
  readonly packed: Uint8Array;
}

/** Most bytes of a program. */
const SIZE_LIMIT = 95_000_000;

/** Gets denort and the C library for a machine, and packs them. */
export async function prepareBase(
  machine: Machine,
  context: DenortContext & { readonly isFresh: boolean },
): Promise<Base> {
  const { runner, cacheDir, isFresh } = context;
  const denort = await findDenort(machine, context);
  const stub = await buildStub(machine, runner);
  const library = await fetchCLibrary(machine, join(cacheDir, "c-library"), runner, isFresh);
  const packed = packProgram(denort.bytes, { machine, stub: stub.code, libraries: library.files });
  return { machine, denort, stub, library, packed };
}

/**
 * The bytes of a program as one file that runs on any Linux of its machine.
 *
 * @param project Path of the project.
 * @param deno The Deno that bundles: the project's.
 */
export async function makeProgram(
  program: Program,
  origin: Origin,
  base: Base,
  { project, deno, runner }: { project: string; deno: string; runner: Runner },
): Promise<Uint8Array> {
  using work = tempDir();
  const prelude = base.denort.origin === "stand-in" ? STAND_IN_PRELUDE : "";
  const tools = { project, work: work.path, deno, runner, prelude };
  const bundle = await bundleProgram(program, origin, tools);
  return await compileBundle(program, bundle, base, runner);
}

/** Compiles bundled modules. @throws {TowerError} when the result could not run. */
export async function compileBundle(
  program: Program,
  bundle: Bundle,
  { denort, packed, machine }: Pick<Base, "denort" | "packed" | "machine">,
  runner: Runner,
): Promise<Uint8Array> {
  using work = tempDir();
  const runtime = join(work.path, "denort"), output = join(work.path, program.name);
  writeFileAtomic(runtime, packed, 0o755);
  // Deno embeds the times of files.
  [dirname(bundle.main), ...bundle.includes].forEach(resetTimes);
  await runner.run({
    argv: [
      ...[denort.deno, "compile", "--quiet", "--target", `${machine}-unknown-linux-gnu`] as const,
      // All code was bundled: nothing may come from elsewhere, and no lock is needed any more.
      ...["--no-config", "--no-lock", "--no-remote", "--no-npm", "--no-check"],
      // A code cache in a temporary folder would let any user hand code to root.
      "--no-code-cache",
      ...program.permissions,
      ...bundle.includes.flatMap((path) => ["--include", path]),
      ...["--output", output, bundle.main],
    ],
    // Here and not beside the sources: Deno takes node_modules of the folder it runs in.
    cwd: work.path,
    variables: { DENORT_BIN: runtime, DENO_NO_UPDATE_CHECK: "1", NO_COLOR: "1" },
  });
  const bytes = readBytes(output, 512 << 20);
  if (!checkPacked(bytes).hasPayload) {
    throw new TowerError("tool", `Cannot compile ${program.name}: Deno embedded nothing in it`);
  }
  if (bytes.length > SIZE_LIMIT) {
    throw new TowerError(
      "limit",
      `Cannot ship ${program.name}: ${bytes.length} bytes are more than ${SIZE_LIMIT}`,
      { hint: "look for a node_modules folder or a large file among what is embedded" },
    );
  }
  return bytes;
}

/** Gives a file, or a folder and all in it, one time. */
function resetTimes(path: string): void {
  if (Deno.statSync(path).isDirectory) {
    for (const { name } of Deno.readDirSync(path)) resetTimes(join(path, name));
  }
  Deno.utimeSync(path, 0, 0);
}
