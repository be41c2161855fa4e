import { assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { TowerError } from "../../lib/errors.ts";
import type { Runner } from "../../lib/proc/command.ts";
import { denoRunner } from "../../lib/proc/deno_runner.ts";
import { checkPacked } from "../../tasks/compile/check_packed.ts";
import { findDenort } from "../../tasks/compile/denort.ts";
import { packProgram } from "../../tasks/compile/pack.ts";
import { type Base, compileBundle } from "../../tasks/compile/product.ts";
import { PROGRAMS } from "../../tasks/compile/programs.ts";
import { buildStub, codeOf } from "../../tasks/compile/stub.ts";
import { tempFolder } from "../support/file_sink.ts";
import { COMPILE_TOOLS, SMOKE, smokeBase } from "../support/compiled_smoke.ts";

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
  const { bytes } = shared.denort;
  const refused = (program: Uint8Array, text: string) => {
    const error = assertThrows(() => packProgram(program, parts), TowerError);
    assertStringIncludes(error.message, text);
  };
  refused(new TextEncoder().encode("#!/bin/sh\n"), "it is not an ELF file");
  refused(new Uint8Array(), "it is not an ELF file");
  refused(bytes.slice(0, 100), "its program headers are cut off");
  refused(bytes.slice(0, 4096), "lies outside of the file");
  refused(shared.packed, "it is already packed");
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
    () => packProgram(shared.denort.bytes, { ...partsOf(shared), libraries }),
    TowerError,
  );
  assertEquals(error.message, 'Cannot pack program: it needs "libm.so.6"');
});

test("a packed program that was stripped or cut is found to be broken", async () => {
  const shared = await base();
  using folder = tempFolder();
  const path = join(folder.path, "stripped");
  await Deno.writeFile(path, shared.packed);
  await runner.run({ argv: ["strip", path] });
  const stripped = await Deno.readFile(path);
  const broken = (bytes: Uint8Array) =>
    assertThrows(() => checkPacked(bytes), TowerError, "Cannot use packed program");
  broken(stripped);
  broken(shared.packed.slice(0, -10_000));
  broken(shared.denort.bytes);
  assertEquals(checkPacked(shared.packed).libraries[0], "ld-linux-x86-64.so.2");
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
  await refused(await file("packed", shared.packed), "it is already packed");
  const denort = await file("denort", shared.denort.bytes);
  await refused(denort, "it is for x86_64, not for aarch64", "aarch64");
  if (shared.denort.version !== Deno.version.deno) {
    await refused(denort, `it is denort 2.4.2, and this is Deno ${Deno.version.deno}`);
  }
  await refused("/bin/true", "it is not a denort");
});

test("without a compiler, the package that brings it is named", async () => {
  const bare: Runner = { ...runner, which: () => undefined };
  const error = await assertRejects(() => buildStub("aarch64", bare), TowerError);
  assertEquals(error.hint, "run: sudo apt-get install gcc-aarch64-linux-gnu");
});

test("a stub with data or a table of addresses does not build", async () => {
  using folder = tempFolder();
  const sources = fromFileUrl(new URL("../../tasks/compile/stub", import.meta.url));
  for (const name of ["linux.h", "start.S", "stub.ld"]) {
    await Deno.copyFile(join(sources, name), join(folder.path, name));
  }
  const code = await Deno.readTextFile(join(sources, "stub.c"));
  const variants = {
    "int counter = 1; __attribute__((used)) static int *read_it(void) { return &counter; }":
      ".data",
    "static int zero; __attribute__((used)) static int next(void) { return zero++; }": ".data",
  };
  for (const [line, section] of Object.entries(variants)) {
    await Deno.writeTextFile(join(folder.path, "stub.c"), `${code}\n${line}\n`);
    const error = await assertRejects(() => buildStub("x86_64", runner, folder.path), TowerError);
    assertStringIncludes(error.message, `bytes of ${section}`);
  }
  assertThrows(() => codeOf(new Uint8Array(10)), TowerError, "no ELF header");
});

test("a compile that embedded nothing, or too much, leaves nothing behind", async () => {
  const shared = await base();
  using folder = tempFolder();
  await Deno.writeTextFile(join(folder.path, "main.ts"), "throw 1;");
  const bundle = { main: join(folder.path, "main.ts"), includes: [] as string[] };
  const failed = await assertRejects(
    () => compileBundle(SMOKE, bundle, { ...shared, packed: shared.denort.bytes }, runner),
    TowerError,
  );
  assertStringIncludes(failed.message, "it is not packed");
  await Deno.writeFile(join(folder.path, "large"), new Uint8Array(32 << 20));
  bundle.includes.push(join(folder.path, "large"));
  const large = await assertRejects(() => compileBundle(SMOKE, bundle, shared, runner), TowerError);
  assertEquals(large.code, "limit");
});

test("no program may load native code, and none asks for more", () => {
  for (const { permissions } of PROGRAMS) {
    assertEquals(permissions.filter((flag) => /ffi|allow-all|-A|import/.test(flag)), []);
    assertEquals(permissions.includes("--no-prompt"), true);
  }
});
