import { join } from "@std/path";
import { openEngine } from "../../../build/engine/engine.ts";
import { build } from "../../../build/pipeline.ts";
import { realEnv } from "../../../lib/env.ts";
import { silent } from "../../../lib/report/event.ts";
import { labRequest } from "./lab_system.ts";

/** Tells of itself on the second serial port, and goes off. */
const REPORT = `#!/bin/sh
exec > /dev/ttyS1 2>&1 < /dev/null
grep -E " / | /run" /proc/mounts
cat /sys/block/dm-0/dm/uuid
losetup -a
sha256sum /etc/large
echo written > /etc/new && cat /etc/new
poweroff
`;
/** More than a block of the squashfs, of which nothing is like another. */
export const LARGE: string = Array.from(
  { length: 60_000 },
  (_, i) => `${i * 2_654_435_761 % 4_294_967_291}\n`,
).join("");

const MANIFEST = {
  ...{ name: "live", arches: ["x86_64"], repositories: ["lab"] },
  stages: [
    {
      kind: "packages",
      world: [
        ...["alpine-base", "linux-lts", "cryptsetup"],
        ...[["systemd-boot", "gummiboot"], ["isolinux", "syslinux"]],
      ],
    },
    {
      kind: "files",
      files: [
        { path: "/etc/fstab", contents: "" },
        { path: "/etc/local.d/report.start", contents: REPORT, mode: "0755" },
        { path: "/etc/large", contents: LARGE },
      ],
    },
    {
      kind: "services",
      runlevels: { sysinit: ["devfs", "sysfs"], boot: ["root"], default: ["local"] },
    },
    { kind: "kernel", flavour: "lts" },
    {
      ...{ kind: "initramfs", flavour: "lts", path: "/boot/initramfs-lts", parts: ["live"] },
      modules: ["@ata", "@iso9660", "@squashfs", "@usb", "@verity", "@virtio"],
    },
  ],
  trees: {
    system: {
      from: "root",
      stages: [{ kind: "files", remove: ["/boot", "/lib/modules", "/lib/firmware"] }],
    },
    medium: {
      from: "root",
      stages: [
        {
          ...{ kind: "embed", into: "/live" },
          output: { kind: "squashfs", tree: "system", file: "root.squashfs" },
        },
        { kind: "verity", data: "/live/root.squashfs", path: "/live/root.verity" },
      ],
    },
  },
  outputs: [{
    ...{ kind: "iso", tree: "medium", paths: ["/boot", "/live"] },
    ...{ file: "live.iso", label: "LIVE", loaders: ["isolinux", "systemd-boot"] },
    ...{ flavour: "lts", initramfs: "/boot/initramfs-lts" },
  }],
};

/** Builds a live medium. @param words more of its command line */
export async function buildLive(folder: string, words: string): Promise<string> {
  const system = join(folder, "live.yaml");
  const cmdline = `live=/live/root.squashfs roothash={roothash:/live/root.verity} panic=5 ` +
    `console=ttyS0 quiet ${words}`;
  const outputs = MANIFEST.outputs.map((output) => ({ ...output, cmdline }));
  Deno.writeTextFileSync(system, JSON.stringify({ ...MANIFEST, outputs })); // JSON is YAML
  using engine = openEngine(realEnv(), { offline: true, json: false, jobs: 2 });
  await build(labRequest(system, "x86_64", folder), { ...engine, reporter: silent });
  return join(folder, "live.iso");
}
