import { assert, assertEquals, assertRejects } from "@std/assert";
import { ISO_PLAN, mediumTree } from "../../../tests/support/build/iso_plan.ts";
import { inlineOnly } from "../../../tests/support/tree/small_tree.ts";
import { inOneBreath } from "../../../lib/breathe.ts";
import { TowerError } from "../../../lib/errors.ts";
import { silent } from "../../../lib/report/event.ts";
import { writeMedium } from "./write.ts";
import { type IsoPlan, isoSpec } from "./plan.ts";

const CONTEXT = {
  reader: inlineOnly,
  epoch: 1_700_000_000,
  reporter: silent,
  breathe: inOneBreath,
};

/** Writes a medium into nothing; returns its size and the bytes that were written of it. */
async function written(plan: IsoPlan, tree = mediumTree()) {
  const sums = { size: 0, bytes: 0, zeros: 0 };
  await writeMedium(tree, plan, {
    setSize: (size) => void (sums.size = size),
    writeAt: (_, bytes) => void (sums.bytes += bytes.length),
    readAt: () => 0,
    requireZeros: (offset, length) => void (sums.zeros = Math.max(sums.zeros, offset + length)),
  }, CONTEXT);
  return sums;
}

Deno.test("kernel and initramfs are written once, whatever starts them", async () => {
  const both = await written(ISO_PLAN);
  const bios = await written({ ...ISO_PLAN, loaders: ["isolinux"] });
  const content = 5_300_001;
  // The two tables of the FAT, its directories and the small files are the rest.
  assert(both.bytes - bios.bytes < 100_000, `${both.bytes} and ${bios.bytes}`);
  assert(bios.bytes > content && bios.bytes < content + 200_000, `${bios.bytes}`);
  assert(both.zeros > content && both.zeros < both.size);
  assertEquals(both.size % 2048, 0);
});

Deno.test("what cannot start is refused before a byte is written, with its field", async () => {
  const refused = async (
    changes: Partial<IsoPlan>,
    cause: string,
    at: readonly (string | number)[],
  ) => {
    let bytes = 0;
    const sink = { setSize: () => void bytes++, writeAt: () => void bytes++, readAt: () => 0 };
    const write = () => writeMedium(mediumTree(), { ...ISO_PLAN, ...changes }, sink, CONTEXT);
    const error = await assertRejects(write, TowerError, cause);
    assertEquals(error.at, at);
    assertEquals(bytes, 0);
  };
  await refused({ arch: "aarch64" }, "only x86_64 has a BIOS", ["loaders", 0]);
  await refused({ kernel: "boot/vmlinuz-lts" }, "no such file is in the tree", ["flavour"]);
  await refused({ initramfs: "etc" }, 'Cannot boot the initramfs "/etc"', ["initramfs"]);
  await refused({ cmdline: "a\nb" }, "it has control characters", ["cmdline"]);
  await refused({ arch: "armv7", loaders: ["systemd-boot"] }, "Cannot install a UEFI", [
    "loaders",
    0,
  ]);
});

Deno.test("a file of the tree where a loader needs one is a conflict", async () => {
  const tree = mediumTree();
  const empty = { kind: "inline", bytes: new Uint8Array() } as const;
  const owned = { mode: 0o644, uid: 0, gid: 0, mtime: 0, origin: "stage:test" } as const;
  tree.putParents("boot/isolinux/isolinux.cfg", "stage:test", 0);
  tree.put({ ...owned, type: "file", path: "boot/isolinux/isolinux.cfg", content: empty });
  await assertRejects(() => written(ISO_PLAN, tree), TowerError, "the tree has such a file");
});

Deno.test("a medium has some paths of a tree alone, and its loaders come from the whole of it", async () => {
  const whole = await written(ISO_PLAN);
  const part = await written({ ...ISO_PLAN, paths: ["boot"] });
  assert(part.bytes < whole.bytes, `${part.bytes} and ${whole.bytes}`);
  const refused = async (paths: readonly string[]) =>
    (await assertRejects(() => written({ ...ISO_PLAN, paths }), TowerError)).at;
  assertEquals(await refused(["etc"]), ["flavour"]);
  assertEquals(await refused(["boot", "none"]), ["paths"]);
});

Deno.test("a medium's command line has root hashes of its tree, and nothing else of that form", async () => {
  const error = await assertRejects(
    () => written({ ...ISO_PLAN, cmdline: "roothash={roothash:/live/root.verity}" }),
    TowerError,
    'Cannot tell the root hash of "/live/root.verity": no such file is in the tree',
  );
  assertEquals(error.at, ["cmdline"]);
  const takes = (cmdline: string) => isoSpec.shape.cmdline.safeParse(cmdline).success;
  assertEquals(
    ["roothash={roothash:/a}", "roothash={roothash:root}", "root={uuid:/a}", "{a"].map(takes),
    [true, false, false, true],
  );
});
