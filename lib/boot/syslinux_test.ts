import { assertEquals, assertGreater, assertThrows } from "@std/assert";
import { TowerError } from "../errors.ts";
import { FileTree } from "../tree/file_tree.ts";
import { findSyslinux, syslinuxConfig } from "./syslinux.ts";
import { extractSyslinux, pairSyslinux } from "./syslinux_parts.ts";
import { ldlinuxFile, patchSyslinux } from "./syslinux_patch.ts";
import {
  bootSector,
  installer,
  loader,
  LOADER_SIZE,
  MAGIC,
} from "../../tests/support/format/syslinux_installer.ts";

Deno.test("an installer gives its boot sector and its loader, padded to whole sectors", () => {
  const parts = extractSyslinux(installer());
  assertEquals(parts.bootSector, bootSector());
  assertEquals(parts.loader.length, 1024);
  assertEquals(parts.loader.subarray(0, LOADER_SIZE), loader());
  assertEquals(pairSyslinux(bootSector(), loader()), parts);
});

Deno.test("an installer without a part, or with parts of two builds, is refused", () => {
  const cases: [number, number, string][] = [
    [96 + 0x1f8, 0, "no boot sector"],
    [96 + 200, 0, "no loader of"],
    [1024 + 322, 0, "no loader's end"],
    [1024 + 402, 0xff, "no loader's end"],
  ];
  for (const [at, value, cause] of cases) {
    const bytes = installer();
    bytes[at] = value;
    const error = assertThrows(() => extractSyslinux(bytes), TowerError, cause);
    assertEquals(error.code, "malformed");
  }
  assertThrows(() => extractSyslinux(new Uint8Array()), TowerError, "no boot sector");
  assertThrows(() => pairSyslinux(loader(), bootSector()), TowerError, "no such pair");
});

Deno.test("a patched loader knows its sectors and sums up to the magic number", () => {
  const parts = extractSyslinux(installer());
  const volume = new Uint8Array(512).fill(0xaa);
  const { bootSector: sector, file } = patchSyslinux(parts, { first: 5000, count: 4 }, volume);
  const view = new DataView(file.buffer);
  assertEquals(view.getUint16(24 + 8, true), 2);
  assertEquals(view.getUint16(24 + 10, true), 2);
  assertEquals(view.getBigUint64(640, true), 5001n);
  assertEquals(view.getUint16(648, true), 1);
  assertEquals(view.getBigUint64(560, true), 5002n);
  assertEquals(view.getBigUint64(568, true), 5003n);
  let sum = 0;
  for (let at = 0; at < 1024; at += 4) sum = sum + view.getUint32(at, true) >>> 0;
  assertEquals(sum, MAGIC);
  assertEquals(new DataView(sector.buffer).getUint32(300, true), 5000);
  assertEquals(sector.subarray(11, 90), volume.subarray(11, 90));
  assertEquals(file.subarray(1024), ldlinuxFile(parts).subarray(1024));
});

Deno.test("a patch area that points out of the loader is refused", () => {
  const parts = extractSyslinux(installer());
  new DataView(parts.loader.buffer).setUint16(24 + 22, 0xfff0, true);
  assertThrows(
    () => patchSyslinux(parts, { first: 1, count: 4 }, new Uint8Array(512)),
    TowerError,
    "a pointer leaves it",
  );
});

Deno.test("an installer with damaged bytes gives parts or one clear error, never another", () => {
  const seed = 20240229;
  let state = seed;
  const next = (below: number) => (state = Math.imul(state, 48271) >>> 1) % below;
  const outcomes = { patched: 0, refused: 0 };
  for (let round = 0; round < 5000; round++) {
    const bytes = installer().subarray(0, next(20) === 0 ? next(4000) : 4000);
    for (let n = 0; n <= next(8) && bytes.length > 0; n++) {
      // Where the parts and their pointers are; elsewhere damage means nothing.
      const at = [96, 96 + 0x1f0, 1024, 1024 + 296, 1024 + 396, 1024 + 600][next(6)]! + next(40);
      if (at < bytes.length) bytes[at] = next(256);
    }
    try {
      const parts = extractSyslinux(bytes);
      const count = parts.loader.length / 512 + 2;
      patchSyslinux(parts, { first: 100, count }, new Uint8Array(512));
      outcomes.patched++;
    } catch (error) {
      const code = error instanceof TowerError ? error.code : error;
      assertEquals(code, "malformed", `seed ${seed}, round ${round}`);
      outcomes.refused++;
    }
  }
  assertGreater(outcomes.patched, 500);
  assertGreater(outcomes.refused, 500);
});

Deno.test("a tree without syslinux names the package to add", () => {
  const tree = new FileTree({ mode: 0o755, uid: 0, gid: 0, mtime: 0, origin: "stage:test" });
  const reader = {
    open: () => {
      throw new Error();
    },
  };
  const error = assertThrows(() => findSyslinux(tree, reader), TowerError, "/usr/bin/syslinux");
  assertEquals(error.code, "not-found");
  assertEquals(error.hint, 'Add the package "syslinux" to the system');
});

Deno.test("syslinux.cfg starts the entry at once and speaks where the kernel does", () => {
  const entry = {
    title: "Tower",
    kernel: "vmlinuz",
    initramfs: "initramfs",
    commandLine: "root=UUID=1 console=tty0 console=ttyS1,9600n8",
  };
  assertEquals(
    syslinuxConfig(entry),
    `SERIAL 1 9600
DEFAULT system
PROMPT 0
NOESCAPE 1
IMPLICIT 0
ALLOWOPTIONS 0
TIMEOUT 0
LABEL system
  MENU LABEL Tower
  LINUX /vmlinuz
  INITRD /initramfs
  APPEND root=UUID=1 console=tty0 console=ttyS1,9600n8
`,
  );
  for (
    const bad of [{ commandLine: "a\nINITRD b" }, { title: " x" }, { kernel: "a b" }, {
      initramfs: "",
    }, { commandLine: "x".repeat(2048) }]
  ) {
    const error = assertThrows(() => syslinuxConfig({ ...entry, ...bad }), TowerError);
    assertEquals(error.code, "usage");
  }
});
