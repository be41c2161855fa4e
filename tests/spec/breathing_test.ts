import { diskPlan } from "../support/format/disk_plan.ts";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { type OutputPlan, writeOutput } from "../../build/kinds/outputs.ts";
import { installSteps } from "../../lib/apk/install.ts";
import { atOnce, type Breathe, inBreaths } from "../../lib/breathe.ts";
import { hashFileUntil } from "../../lib/files/artifact_file.ts";
import { tempDir } from "../../lib/files/files.ts";
import { breathing } from "../../lib/files/interruption.ts";
import { depmod } from "../../lib/kmod/depmod.ts";
import { moduleDirectory } from "../../lib/kmod/module_directory.ts";
import { silent } from "../../lib/report/event.ts";
import { unpackedPackage } from "../support/apk/unpacked_package.ts";
import { moduleFile } from "../support/format/elf_file.ts";
import { blobName, emptyTree, sources, zeroSource } from "../support/format/ext4_image.ts";
import { inlineOnly, smallTree } from "../support/tree/small_tree.ts";
import { noCompressor } from "../support/tree/stage_context.ts";

const MIB = 1 << 20;
const BIG = 64 * MIB;
/** Most bytes that may be written in one breath: a fraction of a second on any disk. */
const MOST = 8 * MIB;

const DISK = diskPlan({ table: "mbr", loaders: ["raspberrypi"] }, "aarch64");
const OUTPUTS: readonly OutputPlan[] = [
  { tree: "root", kind: "tar", file: "a.tar", compression: "none" },
  { tree: "root", kind: "cpio", file: "a.cpio", compression: "none" },
  { tree: "root", ...DISK },
];

/** A tree with a large file where a boot partition is made of it, and one where a root is. */
function largeTree() {
  const tree = emptyTree();
  const owned = { uid: 0, gid: 0, mtime: 0, origin: "stage:test", mode: 0o644 } as const;
  const put = (path: string, size: number) => {
    tree.putParents(path, "stage:test", 0);
    const content = {
      kind: "span",
      blob: blobName("a"),
      offset: 0,
      size,
      sha256: undefined,
    } as const;
    tree.put({ ...owned, type: "file", path, content });
  };
  const firmware = ["bootcode.bin", "start.elf", "fixup.dat", "start4.elf", "fixup4.dat"];
  for (const name of [...firmware, "bcm2711-rpi-4-b.dtb", "vmlinuz-virt"]) put(`boot/${name}`, 100);
  for (const path of ["boot/initramfs-virt", "large"]) put(path, BIG);
  return tree;
}

/** Writes an output; the most that was written in one breath, and in all. */
async function written(output: OutputPlan, breathe: Breathe) {
  let now = 0, most = 0, all = 0;
  const file = {
    writeAt(_: number, { length }: Uint8Array) {
      all += length;
      most = Math.max(most, now += length);
    },
    readAt: () => 0,
    setSize() {},
  };
  const counted = async () => {
    now = 0;
    await breathe();
  };
  const work = writeOutput(output, {
    tree: largeTree,
    ...{ reader: sources({ [blobName("a")]: zeroSource(BIG) }), epoch: 0, reporter: silent },
    sink: { file: async (_, write) => void await write(file) },
    breathe: counted,
    blockCompressor: noCompressor,
  });
  return { failure: await work.then(() => undefined, (error) => error), most, all };
}

for (const output of OUTPUTS) {
  Deno.test(`an output of kind ${output.kind} breathes while it writes, and then a signal ends it`, async () => {
    const whole = await written(output, () => Promise.resolve());
    assertEquals(whole.failure, undefined);
    assert(whole.all >= 2 * BIG && whole.most <= MOST, `${whole.most} bytes in one breath`);
    const stop = new Error("stop");
    let breaths = 0;
    const ended = await written(
      output,
      () => ++breaths < 10 ? Promise.resolve() : Promise.reject(stop),
    );
    assertEquals(ended.failure, stop);
    assert(ended.all <= 10 * MOST, `${ended.all} bytes were written`);
  });
}

Deno.test("depmod breathes with every module, and packages do with every entry", async () => {
  const count = 50;
  let breaths = 0;
  const breathe = () => Promise.resolve(void breaths++);
  const names = Array.from({ length: count }, (_, i) => `lib/modules/6.1/m${i}.ko`);
  const tree = smallTree(Object.fromEntries(names.map((name) => [name, moduleFile({})])));
  await depmod(moduleDirectory(tree, inlineOnly, "6.1"), breathe);
  assert(breaths >= count, `${breaths} breaths for ${count} modules`);
  breaths = 0;
  const entry = { mode: 0o755, uid: 0, gid: 0, mtime: 0, size: 0, offset: 0 } as const;
  const entries = names.map((_, i) => ({ ...entry, type: "directory", path: `d${i}` }) as const);
  const packages = [unpackedPackage("a", { entries })];
  const installed = await inBreaths(installSteps(emptyTree(), packages, { epoch: 0 }), breathe);
  assert(breaths >= count, `${breaths} breaths for ${count} entries`);
  assertEquals(atOnce(installSteps(emptyTree(), packages, { epoch: 0 })), installed);
});

Deno.test("work that waits for nobody hears a signal, at once where it came before", async () => {
  const stop = new AbortController();
  const breathe = breathing(stop.signal);
  await breathe();
  setTimeout(() => stop.abort(new Error("stop")), 10);
  const start = performance.now();
  const work = async () => {
    while (performance.now() - start < 10_000) await breathe();
  };
  assertEquals((await assertRejects(work, Error)).message, "stop");
  await assertRejects(() => breathing(stop.signal)(), Error, "stop");
});

Deno.test("hashing a large file, which takes seconds, ends with the signal", async () => {
  using dir = tempDir();
  const path = `${dir.path}/large`;
  Deno.writeFileSync(path, new Uint8Array(1));
  Deno.truncateSync(path, 4 * 2 ** 30);
  const stop = new AbortController();
  setTimeout(() => stop.abort(new Error("stop")), 20);
  await assertRejects(() => hashFileUntil(path, stop.signal), Error, "stop");
});
