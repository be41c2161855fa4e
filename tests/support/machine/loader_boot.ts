import { inOneBreath } from "../../../lib/breathe.ts";
import { assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import type { DiskPlan } from "../../../build/outputs/disk/plan.ts";
import { exists } from "../../../lib/files/files.ts";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { type MachineSpec, OVMF_FILES, QEMU, qemuArgv } from "../../../lib/qemu/machine.ts";
import { silent } from "../../../lib/report/event.ts";
import { BOOT_TREE_TOOLS, bootTree, MARKER } from "../format/boot_tree.ts";
import { diskPlan, writeImage } from "../format/disk_plan.ts";
import { DEBIAN_TOOLS } from "../build/debian_files.ts";
import { fileSink, tempFolder } from "../program/file_sink.ts";

const runner = denoRunner();
const missing: string[] = [QEMU, ...BOOT_TREE_TOOLS, ...DEBIAN_TOOLS].filter((tool) =>
  !runner.which(tool)
);
const ovmf = OVMF_FILES.find((file) => exists(file));
const PATIENCE = 120_000;

const reader = {
  open: () => {
    throw new Error("no blobs here");
  },
};

const plan = (changes: { readonly table: string; readonly loaders: readonly string[] }): DiskPlan =>
  diskPlan({ ...changes, cmdline: "console=ttyS0 quiet panic=1" });

/** Boots an image until the machine powers off, and returns what it said on its serial port. */
async function boot(image: string, firmware: MachineSpec["firmware"]): Promise<string> {
  const serial = `${image}.serial`;
  const argv = qemuArgv({
    arch: "x86_64",
    image,
    snapshot: true,
    firmware,
    accelerator: "tcg",
    memoryMiB: 512,
    processors: 1,
    network: { kind: "none" },
    serial: { kind: "file", path: serial },
  });
  await using machine = runner.spawn({ argv }, { signal: AbortSignal.timeout(PATIENCE) });
  const drained = Promise.all([machine.stdout, machine.stderr].map((s) => new Response(s).text()));
  const ending = await machine.ended;
  const said = Deno.readTextFileSync(serial);
  assertEquals(ending, { kind: "exited", code: 0 }, `${(await drained).join("")}\n${said}`);
  return said;
}

export interface LoaderCase {
  readonly table: "mbr" | "gpt";
  readonly loaders: readonly ("syslinux" | "systemd-boot")[];
  readonly firmware: "bios" | "uefi";
}

/** A test that a firmware boots a disk with loaders to our init. */
export function loaderTest({ table, loaders, firmware }: LoaderCase): void {
  const absent = firmware === "uefi" && !ovmf ? [...missing, "ovmf"] : missing;
  const reason = absent.length > 0 ? ` (skipped: ${absent.join(", ")} missing)` : "";
  Deno.test({
    name: `${firmware} boots ${table} with ${loaders.join(" and ")} to our init${reason}`,
    ignore: absent.length > 0,
    async fn() {
      using folder = tempFolder();
      const image = join(folder.path, "disk.img");
      const chosen = plan({ table, loaders });
      {
        using sink = fileSink(image);
        const context = { reader, epoch: 1_700_000_000, reporter: silent, breathe: inOneBreath };
        await writeImage(await bootTree(runner), chosen, sink, context);
      }
      const said = await boot(
        image,
        firmware === "bios" ? { kind: "bios" } : { kind: "uefi", file: ovmf! },
      );
      assertStringIncludes(said, MARKER);
      assertStringIncludes(said, chosen.boot!.cmdline);
      // Each loader adds a word of its own to the command line.
      const own = firmware === "bios" ? "BOOT_IMAGE=/vmlinuz-virt" : "initrd=\\initramfs-virt";
      assertStringIncludes(said, own);
    },
  });
}
