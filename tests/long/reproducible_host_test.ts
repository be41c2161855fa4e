import { assertEquals } from "@std/assert";
import { labMissing, shareLab } from "../support/build/lab_system.ts";
import { named } from "../support/program/missing_programs.ts";
import { hostIsReproducible, reproducibleHostMissing } from "../support/build/reproducible_host.ts";
import { SharedProgram } from "../support/program/shared_program.ts";
import { buildTwice, DIFFERENCES, twoMachinesMissing } from "../support/build/two_machines.ts";

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

Deno.test({
  ...named(
    `the host image, built with another ${DIFFERENCES}, is the same bytes`,
    reproducibleHostMissing("x86_64"),
  ),
  fn: () => hostIsReproducible("x86_64"),
});

const missing = labMissing() ?? twoMachinesMissing();
Deno.test({
  ...named(
    "disk images that gzip, xz and zstd compressed on two machines are the same bytes",
    missing,
  ),
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
