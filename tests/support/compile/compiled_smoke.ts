import { fromFileUrl, join } from "@std/path";
import type { Runner } from "../../../lib/proc/command.ts";
import { tempDir } from "../../../lib/files/files.ts";
import { type Bundle, bundleSources } from "../../../tasks/compile/bundle.ts";
import type { Machine } from "../../../tasks/compile/elf_layout.ts";
import { formatParts } from "../../../tasks/compile/parts.ts";
import { type Base, makeProgram, prepareBase } from "../../../tasks/compile/product.ts";
import type { Program } from "../../../tasks/compile/programs.ts";
import type { RuntimeKind } from "../../../tasks/compile/runtime.ts";

/** Tools that compiling needs, each with what brings it. */
export const COMPILE_TOOLS = ["apt-get", "dpkg-deb", "npm", "tar", "x86_64-linux-gnu-gcc"] as const;

/** Compiles the program whose acts the tests watch. */
export const SMOKE: Program = {
  name: "smoke",
  description: "What a compiled program has to be able to do",
  main: "smoke_program.ts",
  workers: { "smoke_worker.ts": "smoke_worker.ts" },
};

/** Where tests keep what they download. */
export function cacheFolder(): string {
  const cache = Deno.env.get("XDG_CACHE_HOME") ?? join(Deno.env.get("HOME") ?? "/", ".cache");
  return join(cache, "tower", "compile");
}

/**
 * The runtimes that programs can be made of here: npm's deno, and denort where DENORT_BIN names
 * one or Deno has downloaded it.
 */
export function runtimesAtHand(): readonly RuntimeKind[] {
  const home = Deno.env.get("HOME") ?? "/";
  const denoDir = Deno.env.get("DENO_DIR") ?? join(home, ".cache/deno");
  const archive = join(
    denoDir,
    `dl/release/v${Deno.version.deno}/denort-${Deno.build.target}.zip`,
  );
  return Deno.env.get("DENORT_BIN") !== undefined || isThere(archive)
    ? ["deno", "denort"]
    : ["deno"];
}

/** Says in a test's name what is left out where there is no denort. */
export function tellOfDenort(what: string): void {
  if (runtimesAtHand().includes("denort")) return;
  const why = `no denort ${Deno.version.deno}; DENORT_BIN names one`;
  Deno.test({ name: `${what} on denort (skipped: ${why})`, ignore: true, fn() {} });
}

function isThere(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

/** What programs for a machine are made of, as `deno task compile` gets it. */
export function smokeBase(
  runner: Runner,
  machine: Machine,
  kind: RuntimeKind = "deno",
): Promise<Base> {
  return prepareBase(machine, {
    runner,
    deno: Deno.execPath(),
    version: Deno.version.deno,
    given: Deno.env.get("DENORT_BIN"),
    kind,
    cacheDir: cacheFolder(),
    say: () => {},
    isFresh: false,
  });
}

/** The smoke program as one file. */
export async function compileSmoke(runner: Runner, base: Base): Promise<Uint8Array> {
  const tools = { deno: Deno.execPath(), runner };
  return await makeProgram(SMOKE, await bundleSmoke(runner), base, tools);
}

/** Its code alone. */
export async function bundleSmoke(runner: Runner): Promise<Bundle> {
  // From a folder of its own, so that no file beside the sources can come in.
  using work = tempDir();
  const sources = join(work.path, "sources");
  await Deno.mkdir(sources);
  await Deno.writeTextFile(join(sources, "deno.json"), "{}");
  for (const name of ["smoke_program.ts", "smoke_worker.ts"]) {
    await Deno.copyFile(fromFileUrl(new URL(name, import.meta.url)), join(sources, name));
  }
  return await bundleSources(SMOKE, sources, { work: work.path, deno: Deno.execPath(), runner });
}

/** A program that prints one line, as one file: what every start costs at least. */
export async function compileHello(runner: Runner, base: Base): Promise<Uint8Array> {
  const bundle = { loader: 'console.log("hello");', parts: formatParts([]) };
  return await makeProgram(SMOKE, bundle, base, { deno: Deno.execPath(), runner });
}
