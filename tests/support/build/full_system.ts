import { type LabRepository, labRepository, type PackageSpec } from "./lab_repository.ts";
import { shareLab } from "./lab_system.ts";
import type { SharedProgram } from "../program/shared_program.ts";

/** A package with all that only root could unpack, owned by a user that its script makes. */
export const ODDITIES: PackageSpec = {
  name: "oddities",
  depends: ["alpine-base"],
  files: {
    "opt/oddities/setuid": { text: "setuid", mode: 0o4755 },
    "opt/oddities/setgid": { text: "setgid", mode: 0o2755, gid: 42 },
    "opt/oddities/numbers": { text: "numbers", mode: 0o640, uid: 1234, gid: 5678 },
    "opt/oddities/owned": { text: "owned", mode: 0o600 },
    "opt/oddities/null": { device: [1, 3], mode: 0o666 },
    "opt/oddities/sticky": { mode: 0o1777 },
  },
  scripts: {
    "pre-install": "#!/bin/sh\naddgroup -S oddity 2>/dev/null\n" +
      "adduser -S -D -H -h /opt/oddities -s /sbin/nologin -G oddity -g oddity oddity " +
      "2>/dev/null\nexit 0\n",
    "post-install": "#!/bin/sh\nchown oddity:oddity /opt/oddities/owned\n",
  },
};

const DISK = {
  kind: "disk",
  boot: { free: "16MiB" },
  root: { free: "16MiB" },
  flavour: "virt",
  initramfs: "/boot/initramfs-virt",
  cmdline: "console=ttyS0",
} as const;

/** The lab and the odd package, written in every way there is. */
export const FULL_MANIFEST = JSON.stringify({
  name: "full",
  extends: "lab",
  stages: [
    { kind: "packages", world: ["oddities"] },
    // The initramfs has some of them; the rest would only be more of the same to compress.
    { kind: "files", remove: ["/lib/modules"] },
  ],
  outputs: [
    { ...DISK, file: "gpt.img", table: "gpt", loaders: ["syslinux", "systemd-boot"] },
    { ...DISK, file: "mbr.img", table: "mbr", loaders: ["syslinux"] },
    { kind: "tar", file: "full.tar" },
    { kind: "tar", file: "full.tar.gz", compression: "gzip" },
    { kind: "cpio", file: "full.cpio.gz" },
  ],
});

/** Names of the artifacts of {@linkcode FULL_MANIFEST}. */
export const FULL_OUTPUTS = ["gpt.img", "mbr.img", "full.tar", "full.tar.gz", "full.cpio.gz"];

/** What a build of {@linkcode FULL_MANIFEST} takes, where every user can read it. */
export interface FullInputs {
  readonly manifest: string;
  /** Options that name the repositories and their keys. */
  readonly options: readonly string[];
  readonly odd: LabRepository;
}

/** Puts the lab repository, the odd package and the manifest beside a program. */
export async function fullInputs(program: SharedProgram): Promise<FullInputs> {
  const lab = await shareLab(program, "x86_64");
  const keys = lab[3];
  const odd = labRepository(`${program.folder}/odd`, [ODDITIES]);
  const { name, pem } = odd.key.trusted;
  Deno.writeTextFileSync(`${keys}/${name}`, pem);
  const manifest = `${program.folder}/full.yaml`;
  Deno.writeTextFileSync(manifest, FULL_MANIFEST);
  return { manifest, options: [...lab, "--repository", odd.folder], odd };
}
