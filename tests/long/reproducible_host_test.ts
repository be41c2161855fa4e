import { assertEquals } from "@std/assert";
import { labMissing, shareLab } from "../support/lab_system.ts";
import { hostMissing } from "../support/host_system.ts";
import { SharedProgram } from "../support/shared_program.ts";
import { buildTwice, DIFFERENCES, twoMachinesMissing } from "../support/two_machines.ts";

/** A disk that does not start, so that little is to be compressed. */
const PACKED = JSON.stringify({
  name: "packed",
  arches: ["x86_64"],
  repositories: ["lab"],
  stages: [
    { kind: "packages", world: ["busybox"] },
    {
      kind: "files",
      files: [
        "/boot/vmlinuz-none",
        "/boot/initramfs-none",
        "/usr/lib/systemd/boot/efi/systemd-bootx64.efi",
      ].map((path) => ({ path, contents: "nothing" })),
    },
  ],
  outputs: ["gzip", "xz", "zstd"].map((compression) => ({
    kind: "disk",
    file: `${compression}.img`,
    compression,
    table: "gpt",
    boot: { free: "1MiB" },
    root: { free: "16MiB" },
    loaders: ["systemd-boot"],
    flavour: "none",
    initramfs: "/boot/initramfs-none",
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
  name: "disk images that gzip, xz and zstd compressed on two machines are the same bytes" +
    (missing ? ` (skipped: ${missing})` : ""),
  ignore: missing !== undefined,
  async fn() {
    using program = await SharedProgram.make();
    const options = await shareLab(program, "x86_64");
    const manifest = `${program.folder}/packed.yaml`;
    Deno.writeTextFileSync(manifest, PACKED);
    const [one, other] = await buildTwice(program, manifest, ...options);
    const packed = Object.keys(one.files).filter((name) => /\.(gz|xz|zst)$/.test(name));
    assertEquals(packed, ["gzip.img.gz", "xz.img.xz", "zstd.img.zst"]);
    assertEquals(other, one);
  },
});
