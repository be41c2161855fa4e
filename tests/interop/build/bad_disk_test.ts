import { assertEquals, assertMatch } from "@std/assert";
import { labFolder } from "../../../build/inputs/trusted_keys.ts";
import { realEnv } from "../../../lib/env.ts";
import { listDir } from "../../../lib/files/files.ts";
import { labMissing } from "../../support/build/lab_system.ts";
import { TestProgram } from "../../support/program/test_program.ts";
import { unfinishedFiles } from "../../support/build/unfinished_files.ts";

const missing = labMissing();
const INITRAMFS = "/boot/initramfs-virt";
const DISK = {
  kind: "disk",
  file: "x.img",
  table: "gpt",
  boot: { free: "8MiB" },
  root: { free: "8MiB" },
  loaders: ["syslinux"],
  flavour: "virt",
  initramfs: INITRAMFS,
};

/** What goes wrong with a disk or a stage of a real system, and how the message begins. */
const FAULTS: readonly {
  readonly disk?: Readonly<Record<string, unknown>>;
  readonly stages?: readonly unknown[];
  readonly message: RegExp;
}[] = [
  {
    disk: { root: { size: "8MiB" } },
    message: new RegExp(
      '^error: Cannot write "x.img"\n {2}because: Cannot make partition "root"\n' +
        " {2}because: Cannot make an ext4 file system of 8388608 bytes: the content needs \\d+ " +
        "bytes and 0 shall stay free\n {2}hint: A size of \\d+MiB is enough$",
    ),
  },
  {
    disk: { boot: { size: "1MiB" } },
    message: /^error: .*\n {2}because: Cannot make partition "boot"\n {2}because: .* FAT .*\n/,
  },
  {
    disk: { flavour: "lts" },
    message: /because: Cannot boot the kernel "\/boot\/vmlinuz-lts": no such file is in the tree$/,
  },
  {
    disk: { initramfs: "/boot/nothing" },
    message: /because: Cannot boot the initramfs "\/boot\/nothing": no such file is in the tree$/,
  },
  {
    disk: { initramfs: "/etc/passwd" },
    message: /because: Cannot boot the initramfs "\/etc\/passwd": it is not below "\/boot"$/,
  },
  {
    stages: [{ kind: "kernel", flavour: "lts" }],
    message: /^error: Cannot find kernel "lts": there is no "\/boot\/vmlinuz-lts"\n.*virt$/,
  },
  {
    stages: [{ kind: "initramfs", flavour: "virt", path: "/boot/i" }],
    message: /^error: Cannot choose modules of kernel ".*": it has no modules\.dep\n.*"kernel"/,
  },
  {
    stages: [
      { kind: "kernel", flavour: "virt" },
      { kind: "initramfs", flavour: "virt", path: "/boot/i", modules: ["nothing"] },
    ],
    message: /^error: Cannot find kernel module "nothing": kernel ".*" has none of that name$/,
  },
  {
    stages: [{ kind: "files", remove: ["/usr/share/syslinux"] }],
    message: /because: Cannot install a BIOS boot loader: .* not in the tree\n.*"syslinux"/,
  },
];

Deno.test({
  name: "what no disk can be made of is told in one message, and no artifact is made" +
    (missing ? ` (skipped: ${missing})` : ""),
  ignore: missing !== undefined,
  async fn() {
    using program = new TestProgram();
    const lab = labFolder(realEnv());
    for (const { disk = {}, stages = [], message } of FAULTS) {
      const manifest = {
        name: "small",
        arches: ["x86_64"],
        repositories: ["lab"],
        stages: [
          { kind: "packages", world: ["alpine-base", "linux-virt", "syslinux"] },
          { kind: "files", files: [{ path: INITRAMFS, contents: "not for booting" }] },
          ...stages,
        ],
        outputs: [{ ...DISK, ...disk }],
      };
      program.write("small.yaml", JSON.stringify(manifest));
      const { code, error } = await program.fails(
        ...["build", "small.yaml", "--repository", lab, "--keys", `${lab}/keys-public`],
        ...["--output", "out"],
      );
      assertEquals(code, 1);
      const isPlace = (line: string) => /^small\.yaml:1:\d+: (?:stages|outputs)\[/.test(line);
      assertEquals(error.filter(isPlace).length, 1, error.join("\n"));
      assertMatch(error.filter((line) => !isPlace(line)).join("\n"), message);
      assertEquals(listDir(program.path("out")), ["small-x86_64.lock.json"]);
      assertEquals(unfinishedFiles(program.env.dir), []);
    }
  },
});
