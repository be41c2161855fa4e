import { fromFileUrl, join } from "@std/path";
import type { Runner } from "../../lib/proc/command.ts";
import { tempDir } from "../../lib/store/files.ts";
import { type Base, compileBundle, prepareBase } from "../../tasks/compile/product.ts";
import type { Machine } from "../../tasks/compile/elf_layout.ts";
import type { Program } from "../../tasks/compile/programs.ts";

/** Tools that compiling needs, each with what brings it. */
export const COMPILE_TOOLS = ["apt-get", "dpkg-deb", "npm", "tar", "x86_64-linux-gnu-gcc"] as const;

/** Compiles the program whose acts the tests watch. */
export const SMOKE: Program = {
  name: "smoke",
  description: "What a compiled program has to be able to do",
  main: "tests/support/smoke_program.ts",
  workers: { "smoke_worker.ts": "tests/support/smoke_worker.ts" },
  includes: [],
  unread: [],
  permissions: ["--allow-all"],
};

/** Where tests keep what they download. */
export function cacheFolder(): string {
  const cache = Deno.env.get("XDG_CACHE_HOME") ?? join(Deno.env.get("HOME") ?? "/", ".cache");
  return join(cache, "tower", "compile");
}

/** The packed runtime for a machine, as `deno task compile` makes it; `say` gets its remarks. */
export function smokeBase(
  runner: Runner,
  machine: Machine,
  say: (line: string) => void = () => {},
): Promise<Base> {
  return prepareBase(machine, {
    runner,
    deno: Deno.execPath(),
    version: Deno.version.deno,
    given: undefined,
    cacheDir: cacheFolder(),
    say,
    isFresh: false,
  });
}

/** The smoke program as one file. */
export async function compileSmoke(runner: Runner, base: Base): Promise<Uint8Array> {
  // From a folder of its own, so that no file beside the sources can come in.
  using work = tempDir();
  for (const name of ["smoke_program.ts", "smoke_worker.ts"]) {
    const from = fromFileUrl(new URL(name, import.meta.url));
    await Deno.copyFile(from, join(work.path, name));
  }
  const bundle = {
    main: join(work.path, "smoke_program.ts"),
    includes: [join(work.path, "smoke_worker.ts")],
  };
  return await compileBundle(SMOKE, bundle, base, runner);
}

/** The same program without the C library inside, as plain `deno compile` makes it. */
export async function compilePlain(
  runner: Runner,
  base: Base,
  source?: string,
): Promise<Uint8Array> {
  using work = tempDir();
  const denort = join(work.path, "denort"), output = join(work.path, "plain");
  const main = join(work.path, "main.ts");
  await Deno.writeFile(denort, base.denort.bytes, { mode: 0o755 });
  if (source !== undefined) await Deno.writeTextFile(main, source);
  else await Deno.copyFile(fromFileUrl(new URL("smoke_program.ts", import.meta.url)), main);
  await runner.run({
    argv: [base.denort.deno, "compile", "--quiet", "--no-check", "-A", "--output", output, main],
    cwd: work.path,
    variables: { DENORT_BIN: denort },
  });
  return await Deno.readFile(output);
}
