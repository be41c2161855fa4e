import { assertEquals, assertThrows } from "@std/assert";
import { TowerError } from "../../../lib/errors.ts";
import { elfFile, NEEDED, RUNPATH } from "../../../tests/support/format/elf_file.ts";
import { inlineOnly, smallTree } from "../../../tests/support/tree/small_tree.ts";
import { sharedLibraries } from "./shared_libraries.ts";

type Dynamic = readonly (readonly [tag: number, text: string])[];
const MUSL = "/lib/ld-musl-x86_64.so.1";
const GLIBC = "/lib64/ld-linux-x86-64.so.2";

const program = (interpreter: string, ...dynamic: Dynamic) =>
  elfFile({ bits: 64, machine: 62, interpreter, dynamic });
const library = (...dynamic: Dynamic) => elfFile({ bits: 64, machine: 62, dynamic });

Deno.test("a musl program needs its loader once, under whatever name, and libraries of libraries", () => {
  const tree = smallTree({
    "bin/app": program(MUSL, [NEEDED, "libz.so.1"], [NEEDED, "libc.musl-x86_64.so.1"]),
    "lib/ld-musl-x86_64.so.1": library(),
    "lib/libc.musl-x86_64.so.1": { link: "ld-musl-x86_64.so.1" },
    "usr/lib/libz.so.1": { link: "libz.so.1.3" },
    "usr/lib/libz.so.1.3": library([NEEDED, "libdeep.so"]),
    "usr/local/lib/libdeep.so": library([NEEDED, "libc.musl-x86_64.so.1"]),
  });
  assertEquals(sharedLibraries(tree, inlineOnly, "bin/app"), [
    "lib/ld-musl-x86_64.so.1",
    "usr/lib/libz.so.1",
    "lib/libc.musl-x86_64.so.1",
    "usr/local/lib/libdeep.so",
  ]);
});

Deno.test("a glibc program searches the directories of its machine first", () => {
  const tree = smallTree({
    "bin/app": program(GLIBC, [NEEDED, "libc.so.6"]),
    "lib64/ld-linux-x86-64.so.2": library(),
    "usr/lib/x86_64-linux-gnu/libc.so.6": library([NEEDED, "ld-linux-x86-64.so.2"]),
    "lib/libc.so.6": library(),
  });
  assertEquals(sharedLibraries(tree, inlineOnly, "bin/app"), [
    "lib64/ld-linux-x86-64.so.2",
    "usr/lib/x86_64-linux-gnu/libc.so.6",
  ]);
});

Deno.test("a run path comes first, from where the file really lies", () => {
  const tree = smallTree({
    "bin/app": { link: "../opt/app/bin/app" },
    "opt/app/bin/app": program(MUSL, [NEEDED, "libown.so"], [RUNPATH, "$ORIGIN/../lib"]),
    "opt/app/lib/libown.so": library(),
    "usr/lib/libown.so": library(),
    "lib/ld-musl-x86_64.so.1": library(),
  });
  assertEquals(sharedLibraries(tree, inlineOnly, "bin/app").map((p) => tree.resolve(p)), [
    "lib/ld-musl-x86_64.so.1",
    "opt/app/lib/libown.so",
  ]);
});

Deno.test("a library of another machine is passed over", () => {
  const tree = smallTree({
    "bin/app": program(MUSL, [NEEDED, "liba.so"]),
    "lib/ld-musl-x86_64.so.1": library(),
    "lib/liba.so": elfFile({ bits: 32, machine: 3, dynamic: [] }),
    "usr/lib/liba.so": library(),
  });
  assertEquals(sharedLibraries(tree, inlineOnly, "bin/app")[1], "usr/lib/liba.so");
});

Deno.test("musl's path file replaces its directories", () => {
  const tree = smallTree({
    "bin/app": program(MUSL, [NEEDED, "liba.so"]),
    "etc/ld-musl-x86_64.path": "/opt/lib:/lib\n",
    "lib/ld-musl-x86_64.so.1": library(),
    "lib/liba.so": library(),
    "opt/lib/liba.so": library(),
  });
  assertEquals(sharedLibraries(tree, inlineOnly, "bin/app")[1], "opt/lib/liba.so");
});

Deno.test("a missing library or loader is named with who needs it", () => {
  const tree = smallTree({
    "bin/app": program(MUSL, [NEEDED, "liba.so"]),
    "lib/ld-musl-x86_64.so.1": library(),
    "lib/liba.so": library([NEEDED, "libgone.so.2"]),
  });
  const library_ = assertThrows(() => sharedLibraries(tree, inlineOnly, "bin/app"), TowerError);
  assertEquals(library_.message, 'Cannot find library "libgone.so.2": "/lib/liba.so" needs it');
  tree.remove("lib/ld-musl-x86_64.so.1");
  const loader = assertThrows(() => sharedLibraries(tree, inlineOnly, "bin/app"), TowerError);
  assertEquals(
    loader.message,
    'Cannot find library "/lib/ld-musl-x86_64.so.1": "/bin/app" needs it',
  );
});

Deno.test("static programs, scripts and libraries that need each other end", () => {
  const tree = smallTree({
    "bin/static": elfFile({ bits: 64, machine: 62 }),
    "bin/script": "#!/bin/sh\n",
    "lib/ld-musl-x86_64.so.1": library(),
    "lib/liba.so": library([NEEDED, "libb.so"]),
    "lib/libb.so": library([NEEDED, "liba.so"]),
  });
  assertEquals(sharedLibraries(tree, inlineOnly, "bin/static"), []);
  assertEquals(sharedLibraries(tree, inlineOnly, "bin/script"), []);
  assertEquals(sharedLibraries(tree, inlineOnly, "lib/liba.so"), ["lib/libb.so", "lib/liba.so"]);
});
