import { join } from "@std/path";
import { installPackages } from "../../../lib/apk/install.ts";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { FileTree } from "../../../lib/tree/file_tree.ts";
import { oracleData } from "./alpine_oracle.ts";
import { putOnDisk } from "../format/disk_tree.ts";
import { realPackages } from "./real_packages.ts";

/** What a chroot needs for scripts, in the order of installation. */
const BASE = /^(?:alpine-baselayout(?:-data)?|busybox(?:-binsh)?|musl)$/;

/** Real packages of Alpine 3.20 in a tree, and on the disk, before any script ran. */
export async function freshInstall(dir: string, epoch: number) {
  const whole = realPackages(oracleData()!, "x86_64");
  const real = { ...whole, packages: whole.packages.filter((p) => BASE.test(p.info.name)) };
  const tree = new FileTree({ mode: 0o755, uid: 0, gid: 0, mtime: 0, origin: "stage:base" });
  installPackages(tree, real.packages, { epoch });
  await putOnDisk(tree, real.store, dir);
  return { real, tree };
}

/** What a script printed in a chroot, and its exit status. */
export interface ChrootResult {
  readonly status: number;
  readonly out: string;
}

/** Runs a script in a chroot as apk does: from the root, with nothing but PATH. */
export async function runInChroot(
  dir: string,
  script: Uint8Array | string,
  args: readonly string[],
): Promise<ChrootResult> {
  const bytes = typeof script === "string" ? new TextEncoder().encode(script) : script;
  Deno.writeFileSync(join(dir, ".script"), bytes, { mode: 0o755 });
  Deno.chmodSync(join(dir, ".script"), 0o755);
  const path = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
  const { ending, stdout } = await denoRunner().run({
    argv: ["env", "-i", path, "/usr/sbin/chroot", dir, "/.script", ...args],
    okCodes: Array.from({ length: 128 }, (_, i) => i),
  });
  Deno.removeSync(join(dir, ".script"));
  const out = new TextDecoder().decode(stdout);
  return { status: ending.kind === "exited" ? ending.code : -1, out };
}
