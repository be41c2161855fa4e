import { join } from "@std/path";
import type { Runner } from "../../../lib/proc/command.ts";
import { openPrivateApt } from "../../../tasks/compile/private_apt.ts";
import { packed } from "../../../tasks/compile/product.ts";
import { cacheFolder, compileSmoke, smokeBase } from "./compiled_smoke.ts";

/** Tools that these files need. */
export const ARM_TOOLS = ["apt-get", "dpkg-deb", "npm", "tar", "aarch64-linux-gnu-gcc"] as const;

/**
 * For aarch64: the smoke program on npm's deno, that deno as it comes, and packed with the data
 * behind it that Deno appends when it compiles. `deno` pays no heed to those, but they move the
 * program headers, as they do with its denort.
 */
export async function armPrograms(
  runner: Runner,
): Promise<{ smoke: Uint8Array; plain: Uint8Array; compiled: () => Promise<Uint8Array> }> {
  const base = await smokeBase(runner, "aarch64");
  return {
    smoke: await compileSmoke(runner, base),
    plain: base.runtime.bytes,
    compiled: () => compileOn(runner, packed(base)),
  };
}

async function compileOn(runner: Runner, runtime: Uint8Array): Promise<Uint8Array> {
  const work = await Deno.makeTempDir();
  try {
    const denort = join(work, "denort"), main = join(work, "main.js"), out = join(work, "out");
    await Deno.writeFile(denort, runtime, { mode: 0o755 });
    await Deno.writeTextFile(main, "1");
    const target = ["--target", "aarch64-unknown-linux-gnu"];
    await runner.run({
      argv: [Deno.execPath(), "compile", "--quiet", "--no-config", ...target, "-o", out, main],
      cwd: work,
      variables: { DENORT_BIN: denort },
    });
    return await Deno.readFile(out);
  } finally {
    await Deno.remove(work, { recursive: true });
  }
}

/** Kernels of Debian by the size of their pages. */
const KERNELS = { "4K": "linux-image-cloud-arm64", "16K": "linux-image-arm64-16k" } as const;

/** Path of a Debian kernel for aarch64. */
export async function armKernel(runner: Runner, pages: keyof typeof KERNELS): Promise<string> {
  const kernel = join(cacheFolder(), "arm", `vmlinuz-${pages}`);
  if (await Deno.stat(kernel).catch(() => undefined)) return kernel;
  // The first release of Debian that has a kernel with 16K pages.
  const release = "trixie";
  const apt = await openPrivateApt({ ...armApt(runner), release });
  const metapackage = KERNELS[pages];
  const name = (await apt.dependenciesOf(metapackage)).find((n) => n.startsWith("linux-image-"));
  if (!name) throw new Error(`${metapackage} names no kernel`);
  await unpack(runner, (folder) => apt.download([name], folder), "./boot/vmlinuz-*", kernel);
  return kernel;
}

/** Path of a static busybox for aarch64. */
export async function armBusybox(runner: Runner): Promise<string> {
  const busybox = join(cacheFolder(), "arm", "busybox");
  if (await Deno.stat(busybox).catch(() => undefined)) return busybox;
  const apt = await openPrivateApt(armApt(runner));
  const get = (folder: string) => apt.download(["busybox-static"], folder);
  await unpack(runner, get, "./*bin/busybox", busybox);
  return busybox;
}

function armApt(runner: Runner) {
  return { architecture: "arm64", folder: join(cacheFolder(), "arm", "apt"), runner };
}

/** Takes one file out of the package that `download` brings. */
async function unpack(
  runner: Runner,
  download: (folder: string) => Promise<void>,
  member: string,
  to: string,
): Promise<void> {
  const work = await Deno.makeTempDir();
  try {
    await download(work);
    const script = 'for deb in *.deb; do dpkg-deb --fsys-tarfile "$deb"; done | ' +
      'tar -xO --wildcards "$1" > file; test -s file';
    await runner.run({ argv: ["sh", "-ec", script, "sh", member], cwd: work });
    await Deno.copyFile(join(work, "file"), to);
    await Deno.chmod(to, 0o755);
  } finally {
    await Deno.remove(work, { recursive: true });
  }
}
