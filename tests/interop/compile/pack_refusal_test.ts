import { assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { TowerError } from "../../../lib/errors.ts";
import type { Runner } from "../../../lib/proc/command.ts";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { checkPacked } from "../../../tasks/compile/check_packed.ts";
import { complete } from "../../../tasks/compile/bundle.ts";
import { findDenort } from "../../../tasks/compile/denort.ts";
import { fetchNpmRuntime } from "../../../tasks/compile/npm_runtime.ts";
import { packProgram } from "../../../tasks/compile/pack.ts";
import { formatParts } from "../../../tasks/compile/parts.ts";
import { type Base, makeProgram, packed } from "../../../tasks/compile/product.ts";
import { PROGRAMS } from "../../../tasks/compile/programs.ts";
import { buildStub, codeOf } from "../../../tasks/compile/stub.ts";
import { tempFolder } from "../../support/program/file_sink.ts";
import { COMPILE_TOOLS, SMOKE, smokeBase } from "../../support/compile/compiled_smoke.ts";

const runner = denoRunner();
const missing = [...COMPILE_TOOLS, "strip"].filter((tool) => !runner.which(tool));
const skip = missing.length > 0
  ? `${missing.join(", ")} missing`
  : Deno.build.arch !== "x86_64"
  ? "needs an x86_64 machine"
  : undefined;
const test = (name: string, fn: () => Promise<void> | void) =>
  Deno.test({
    name: skip === undefined ? name : `${name} (skipped: ${skip})`,
    ignore: skip !== undefined,
    fn,
  });

let shared: Promise<Base> | undefined;
const base = () => shared ??= smokeBase(runner, "x86_64");
const partsOf = ({ machine, stub, library }: Base) => ({
  machine,
  stub: stub.code,
  libraries: library.files,
});

/** A search for denort that is given a file. */
function given(path: string, machine: "x86_64" | "aarch64" = "x86_64") {
  return findDenort(machine, {
    runner,
    deno: Deno.execPath(),
    version: Deno.version.deno,
    given: path,
    cacheDir: "/nonexistent",
    say: () => {},
  });
}

/** The chain of an error's messages. */
const told = (error: Error) => `${error.message}; ${(error.cause as Error | undefined)?.message}`;

test("what is no program, cut off, packed or static is refused by name", async () => {
  const shared = await base();
  const parts = partsOf(shared);
  const { bytes } = shared.runtime;
  const refused = (program: Uint8Array, text: string) => {
    const error = assertThrows(() => packProgram(program, parts), TowerError);
    assertStringIncludes(error.message, text);
  };
  refused(new TextEncoder().encode("#!/bin/sh\n"), "it is not an ELF file");
  refused(new Uint8Array(), "it is not an ELF file");
  refused(bytes.slice(0, 100), "its program headers are cut off");
  refused(bytes.slice(0, 4096), "lies outside of the file");
  refused(packed(shared), "it is already packed");
  const narrow = bytes.slice();
  narrow[4] = 1;
  refused(narrow, "not a position-independent ELF program of 64 bits");
  const foreign = bytes.slice();
  foreign[18] = 243;
  refused(foreign, "its machine (243) is unknown");
  const arm = bytes.slice();
  arm[18] = 183;
  refused(arm, "it is for aarch64, not for x86_64");
});

test("a program that needs a library which is not embedded is refused", async () => {
  const shared = await base();
  const libraries = new Map(shared.library.files);
  libraries.delete("libm.so.6");
  const error = assertThrows(
    () => packProgram(shared.runtime.bytes, { ...partsOf(shared), libraries }),
    TowerError,
  );
  assertEquals(error.message, 'Cannot pack program: it needs "libm.so.6"');
});

test("a packed program that was stripped or cut is found to be broken", async () => {
  const shared = await base(), whole = packed(shared);
  using folder = tempFolder();
  const path = join(folder.path, "stripped");
  await Deno.writeFile(path, whole);
  await runner.run({ argv: ["strip", path] });
  const stripped = await Deno.readFile(path);
  const broken = (bytes: Uint8Array) =>
    assertThrows(() => checkPacked(bytes), TowerError, "Cannot use packed program");
  broken(stripped);
  broken(whole.slice(0, -10_000));
  broken(shared.runtime.bytes);
  assertEquals(checkPacked(whole).libraries[0], "ld-linux-x86-64.so.2");
});

test("a denort by DENORT_BIN is refused when it is none, packed, or of another version", async () => {
  const shared = await base();
  using folder = tempFolder();
  const file = async (name: string, bytes: Uint8Array) => {
    await Deno.writeFile(join(folder.path, name), bytes);
    return join(folder.path, name);
  };
  const refused = async (path: string, text: string, machine?: "aarch64") =>
    assertStringIncludes(told(await assertRejects(() => given(path, machine), TowerError)), text);
  await refused(join(folder.path, "none"), "Cannot read");
  await refused(await file("text", new TextEncoder().encode("no")), "it is not an ELF file");
  await refused(await file("packed", packed(shared)), "it is already packed");
  const denort = await file("denort", shared.runtime.bytes);
  await refused(denort, "it is for x86_64, not for aarch64", "aarch64");
  await refused("/bin/true", "it is not a denort");
});

test("without a compiler, the package that brings it is named", async () => {
  const bare: Runner = { ...runner, which: () => undefined };
  const error = await assertRejects(() => buildStub("aarch64", bare), TowerError);
  assertEquals(error.hint, "run: sudo apt-get install gcc-aarch64-linux-gnu");
});

test("a stub with data or a table of addresses does not build", async () => {
  using folder = tempFolder();
  const sources = fromFileUrl(new URL("../../../tasks/compile/stub", import.meta.url));
  for (const name of ["linux.h", "stack.h", "start.S", "stub.ld"]) {
    await Deno.copyFile(join(sources, name), join(folder.path, name));
  }
  const code = await Deno.readTextFile(join(sources, "stub.c"));
  const variants = {
    "int counter = 1; __attribute__((used)) static int *read_it(void) { return &counter; }":
      ".data",
    "static int zero; __attribute__((used)) static int count_up(void) { return zero++; }": ".data",
  };
  for (const [line, section] of Object.entries(variants)) {
    await Deno.writeTextFile(join(folder.path, "stub.c"), `${code}\n${line}\n`);
    const error = await assertRejects(() => buildStub("x86_64", runner, folder.path), TowerError);
    assertStringIncludes(error.message, `bytes of ${section}`);
  }
  assertThrows(() => codeOf(new Uint8Array(10)), TowerError, "no ELF header");
});

test("a program that is too large is refused", async () => {
  const loader = "0;", parts = new Uint8Array(16 << 20);
  const tools = { deno: Deno.execPath(), runner };
  const large = await assertRejects(
    async () => makeProgram(SMOKE, { loader, parts }, await base(), tools),
    TowerError,
  );
  assertEquals(large.code, "malformed", "its parts have no index");
  const [part] = [{ names: ["main.js"], text: " ".repeat(16 << 20) }];
  const limit = await assertRejects(
    async () => makeProgram(SMOKE, { loader, parts: formatParts([part]) }, await base(), tools),
    TowerError,
  );
  assertEquals(limit.code, "limit");
});

test("npm's deno is refused when it is another version, or not the package that is pinned", async () => {
  using folder = tempFolder();
  const get = (version: string, runner: Runner) =>
    fetchNpmRuntime("aarch64", { version, cacheDir: folder.path, runner });
  const unknown = await assertRejects(() => get("0.0.1", runner), TowerError);
  assertEquals(unknown.code, "unsupported");
  // A registry that has something else under this name.
  const packs: Runner = {
    ...runner,
    run: async (command) => {
      const into = command.argv[command.argv.indexOf("--pack-destination") + 1]!;
      await Deno.writeFile(join(into, "other.tgz"), new Uint8Array(9));
      const stdout = new TextEncoder().encode("other.tgz\n");
      return { ending: { kind: "exited", code: 0 }, stdout, stderr: new Uint8Array() };
    },
  };
  const other = await assertRejects(() => get(Deno.version.deno, packs), TowerError);
  assertEquals(other.code, "untrusted");
  assertEquals(Array.from(Deno.readDirSync(join(folder.path, "deno"))), [], "nothing stays");
});

test("what no program may hold is refused when it is bundled", () => {
  const refused = (text: string, why: string) =>
    assertThrows(() => complete(text, PROGRAMS[1]!), TowerError, why);
  refused('new URL("./other_worker.ts", import.meta.url)', '"./other_worker.ts"');
  refused("Deno.dlopen(x)", "native code");
  assertEquals(complete('new URL("./package_worker.ts",import.meta.url)', PROGRAMS[1]!).length, 46);
});
