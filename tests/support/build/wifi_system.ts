import { labRequest } from "./lab_system.ts";
import { dirname, fromFileUrl, join } from "@std/path";
import { openEngine } from "../../../build/engine/engine.ts";
import { manifestFiles } from "../../../build/inputs/inputs.ts";
import { labFolder } from "../../../build/inputs/trusted_keys.ts";
import { build } from "../../../build/pipeline.ts";
import { inOneBreath } from "../../../lib/breathe.ts";
import { realEnv } from "../../../lib/env.ts";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { silent } from "../../../lib/report/event.ts";
import type { PackageSet } from "../../../tasks/lab/recipe.ts";
import { makeRepository } from "../../../tasks/lab/repository.ts";
import { lab } from "../../../tasks/lab/table.ts";

/** What the lab does not need: a kernel with radios of air, and an access point. */
const EXTRAS: PackageSet = {
  ...lab,
  folder: "lab-wifi",
  roots: ["hostapd", "iw", "linux-image-amd64"],
  recipes: [
    {
      name: "linux-lts",
      deb: /^linux-image-[0-9.]+-[0-9]+-amd64$/,
      description: "Linux with all drivers",
      derive: "kernel",
    },
    { name: "hostapd", deb: "hostapd", only: ["usr/sbin/"] },
  ],
};
const OWN_FILES = fromFileUrl(new URL("../../../tasks/lab/packages", import.meta.url));

/**
 * Builds the host for PCs with Debian's whole kernel and hostapd into a folder; returns its image.
 * The packages are kept in the user's cache, signed by the lab's own key.
 */
export async function buildWifiHost(folder: string): Promise<string> {
  const env = realEnv();
  const labPlace = labFolder(env);
  const extras = join(dirname(labPlace), EXTRAS.folder);
  Deno.mkdirSync(join(extras, "keys"), { recursive: true, mode: 0o700 });
  Deno.copyFileSync(join(labPlace, "keys/lab.rsa"), join(extras, "keys/lab.rsa"));
  await makeRepository({
    set: EXTRAS,
    folder: extras,
    ownFiles: OWN_FILES,
    runner: denoRunner(),
    reporter: silent,
    breathe: inOneBreath,
  });
  const base = join(dirname(manifestFiles(env.cwd).systemPath("host")!), "host/base.yaml");
  const initramfs = "/boot/initramfs-lts";
  const manifest = {
    name: "wifi",
    extends: base,
    arches: ["x86_64"],
    repositories: ["lab", extras],
    stages: [
      { kind: "packages", world: ["hostapd", "iw", "linux-lts", "syslinux"] },
      { kind: "kernel", flavour: "lts" },
      {
        ...{ kind: "initramfs", flavour: "lts", path: initramfs },
        modules: ["@ata", "@ext4", "@virtio"],
      },
    ],
    outputs: [{
      ...{ kind: "disk", file: "host.img", table: "mbr", loaders: ["syslinux"], flavour: "lts" },
      boot: { label: "BOOT", free: "16MiB" },
      root: { label: "root", free: "64MiB" },
      initramfs,
      cmdline: "console=tty0 console=ttyS0,115200 quiet",
    }],
  };
  const path = join(folder, "wifi.yaml");
  // JSON is YAML.
  Deno.writeTextFileSync(path, JSON.stringify(manifest));
  using engine = openEngine(env, { offline: true, json: false, jobs: 2 });
  await build(labRequest(path, "x86_64", folder), { ...engine, reporter: silent });
  return join(folder, "host.img");
}
