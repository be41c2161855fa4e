import { assertEquals } from "@std/assert";
import { labMissing, shareLab } from "../support/lab_system.ts";
import { hostMissing } from "../support/host_system.ts";
import { SharedProgram } from "../support/shared_program.ts";
import { buildTwice, DIFFERENCES, twoMachinesMissing } from "../support/two_machines.ts";

const COMPRESSIONS = ["xz", "zstd"] as const;
/** The lab without most of its modules, which would only be more of the same to compress. */
const PACKED = JSON.stringify({
  name: "packed",
  extends: "lab",
  stages: [{ kind: "files", remove: ["/lib/modules"] }],
  outputs: COMPRESSIONS.map((compression) => ({
    kind: "disk",
    file: `${compression}.img`,
    compression,
    table: "mbr",
    boot: { free: "1MiB" },
    root: { free: "16MiB" },
    loaders: ["syslinux"],
    flavour: "virt",
    initramfs: "/boot/initramfs-virt",
    cmdline: "console=ttyS0",
  })),
});

for (const arch of ["x86_64", "aarch64"] as const) {
  const missing = hostMissing() ?? labMissing(arch) ?? twoMachinesMissing();
  const note = missing ? ` (skipped: ${missing})` : "";
  Deno.test({
    name: `the host image for ${arch}, built with another ${DIFFERENCES}, is the same bytes${note}`,
    ignore: missing !== undefined,
    async fn() {
      using program = await SharedProgram.make();
      const options = await shareLab(program, arch);
      const [one, other] = await buildTwice(program, "host", "--arch", arch, ...options);
      assertEquals(one.record.arch, arch);
      assertEquals(other, one);
    },
  });
}

const missing = labMissing() ?? twoMachinesMissing();
Deno.test({
  name: "disk images that zstd and xz compressed on two machines are the same bytes" +
    (missing ? ` (skipped: ${missing})` : ""),
  ignore: missing !== undefined,
  async fn() {
    using program = await SharedProgram.make();
    const options = await shareLab(program, "x86_64");
    const manifest = `${program.folder}/packed.yaml`;
    Deno.writeTextFileSync(manifest, PACKED);
    const [one, other] = await buildTwice(program, manifest, ...options);
    const packed = Object.keys(one.files).filter((name) => /\.(xz|zst)$/.test(name));
    assertEquals(packed, ["xz.img.xz", "zstd.img.zst"]);
    assertEquals(other, one);
  },
});
