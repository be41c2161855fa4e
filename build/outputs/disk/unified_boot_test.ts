import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { diskPlan, writeImage } from "../../../tests/support/format/disk_plan.ts";
import { inlineOnly, smallTree } from "../../../tests/support/tree/small_tree.ts";
import { inOneBreath } from "../../../lib/breathe.ts";
import { memorySink, sourceAt } from "../../../lib/bytes/bytes.ts";
import { TowerError } from "../../../lib/errors.ts";
import { placedFile } from "../../../lib/format/fat/placed_file.ts";
import { silent } from "../../../lib/report/event.ts";
import { disk } from "../disk.ts";

const MIB = 1 << 20;
const LOADER = { "usr/lib/systemd/boot/efi/systemd-bootx64.efi": "loader" };
const KEYS = Object.fromEntries(
  ["PK", "KEK", "db"].map((name) => [`boot/loader/keys/auto/${name}.auth`, name]),
);
const PLAN = diskPlan({
  ...{ loaders: ["systemd-boot"], flavour: undefined, initramfs: undefined, cmdline: "" },
  ...{ boot: { size: "40MiB" }, root: { free: "1MiB" } },
});

async function written(files: Record<string, string>, loader: Record<string, string> = LOADER) {
  const memory = memorySink(64 * MIB);
  const sink = { ...memory, setSize() {} };
  const context = { reader: inlineOnly, epoch: 0, reporter: silent, breathe: inOneBreath };
  const medium = await writeImage(smallTree({ ...loader, ...files }), PLAN, sink, context);
  const volume = sourceAt(memory, MIB, 40 * MIB);
  const read = (path: string) =>
    new TextDecoder().decode(placedFile(volume, path, 4096)?.bytes ?? new Uint8Array());
  return { medium, read };
}

Deno.test("a disk without a kernel starts the unified kernel images that are on it", async () => {
  const { medium, read } = await written({ "boot/EFI/Linux/a-1+3.efi": "image" });
  assertEquals(medium.loaders, ["systemd-boot"]);
  assertEquals(medium.commandLine, undefined);
  assertEquals(read("EFI/BOOT/BOOTX64.EFI"), "loader");
  assertEquals(read("loader/loader.conf"), "default *.efi\ntimeout 0\neditor no\n");
  assertEquals(read("EFI/Linux/a-1+3.efi"), "image");
  assertEquals(read("loader/entries/system.conf"), "");
  assert(disk.line(PLAN).includes("unified kernel images"));
  const enrolling = await written({ ...KEYS, "boot/EFI/Linux/a.efi": "image" });
  assert(enrolling.read("loader/loader.conf").endsWith("secure-boot-enroll force\n"));
});

Deno.test("a disk with the image of slot A starts that, by an entry whose starts are counted", async () => {
  const image = { "boot/EFI/tower/a.efi": "image" };
  const { medium, read } = await written({
    ...KEYS,
    ...image,
    "boot/EFI/Linux/system.efi": "other",
  });
  assertEquals(medium.loaders, ["systemd-boot"]);
  assertEquals(read("EFI/BOOT/BOOTX64.EFI"), "loader");
  assertEquals(
    read("loader/loader.conf"),
    "default system-*\ntimeout 0\neditor no\nsecure-boot-enroll force\n",
  );
  assertEquals(
    read("loader/entries/system-a.conf"),
    "title tower, slot a\nsort-key system\nversion 1\nlinux /EFI/tower/a.efi\n",
  );
  const gummiboot = { "usr/lib/gummiboot/gummibootx64.efi": "loader" };
  const error = await assertRejects(() => written(image, gummiboot), TowerError);
  assertEquals([error.code, error.at], ["not-found", ["loaders", 0]]);
  assertMatch(error.message, /Cannot count starts: .*systemd-bootx64/);
});

Deno.test("only systemd-boot starts what names no kernel, and then nothing else is said", () => {
  const fields = { kind: "disk", file: "a.img", table: "gpt", boot: { free: "1MiB" } };
  const takes = (more: object) =>
    disk.spec.safeParse({ ...fields, root: { free: "1MiB" }, ...more }).success;
  assertEquals(takes({ loaders: ["systemd-boot"] }), true);
  assertEquals(takes({ loaders: ["syslinux", "systemd-boot"] }), false);
  assertEquals(takes({ loaders: ["systemd-boot"], cmdline: "quiet" }), false);
});

Deno.test("a disk that would start nothing is refused", async () => {
  for (const path of ["boot/EFI/Linux/none", "EFI/Linux/a.efi", "boot/a.efi"]) {
    const error = await assertRejects(() => written({ "boot/x": "", [path]: "" }), TowerError);
    assertEquals([error.code, error.at], ["not-found", ["loaders", 0]]);
  }
});
