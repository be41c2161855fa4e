import { join } from "@std/path";
import type { Runner } from "../../lib/proc/command.ts";
import { digestOf, hexOf } from "../../lib/format/digest.ts";
import { fetchCLibrary } from "../../tasks/compile/c_library.ts";
import { packProgram } from "../../tasks/compile/pack.ts";
import { openPrivateApt } from "../../tasks/compile/private_apt.ts";
import { buildStub } from "../../tasks/compile/stub.ts";
import { cacheFolder } from "./compiled_smoke.ts";
import { networkVariables } from "../../tasks/compile/network_variables.ts";

/** Tools that these files need. */
export const ARM_TOOLS = ["apt-get", "dpkg-deb", "npm", "tar", "aarch64-linux-gnu-gcc"] as const;

/**
 * The `deno` of npm for aarch64: there is no denort for it within reach, and it is a program of
 * the same kind, made by the same compiler. Pinned by SHA-256.
 */
const ARM_DENO = {
  package: "@deno/linux-arm64-glibc@2.9.5",
  sha256: "e1a70c5eb03b0ebaf761077029ef86b9ba22d50e2b54ca45ce5437457f701b63",
} as const;

/**
 * `deno` for aarch64 as it comes, packed, and with the data behind it that the project's Deno
 * appends when it compiles: `deno` pays no heed to those, but they move the program headers.
 */
export async function armDeno(
  runner: Runner,
): Promise<{ plain: Uint8Array; packed: Uint8Array; compiled: Uint8Array }> {
  const plain = await plainDeno(runner);
  const stub = await buildStub("aarch64", runner);
  const { files } = await fetchCLibrary("aarch64", join(cacheFolder(), "c-library"), runner);
  const parts = { machine: "aarch64", stub: stub.code, libraries: files } as const;
  const packed = packProgram(plain, parts);
  return { plain, packed, compiled: await compileOn(runner, packed) };
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

async function plainDeno(runner: Runner): Promise<Uint8Array> {
  const path = join(cacheFolder(), "arm", "deno");
  const work = await Deno.makeTempDir();
  try {
    const kept = await Deno.readFile(path).catch(() => undefined);
    if (kept !== undefined && hexOf(digestOf(kept)) === ARM_DENO.sha256) return kept;
    const argv = ["npm", "pack", "--silent", "--ignore-scripts", ARM_DENO.package] as const;
    const { stdout } = await runner.run({ argv, cwd: work, variables: networkVariables() });
    const archive = new TextDecoder().decode(stdout).trim().split("\n").at(-1)!;
    await runner.run({ argv: ["tar", "-xzf", archive, "package/deno"], cwd: work });
    const bytes = await Deno.readFile(join(work, "package/deno"));
    const sha256 = hexOf(digestOf(bytes));
    if (sha256 !== ARM_DENO.sha256) throw new Error(`${ARM_DENO.package} is another: ${sha256}`);
    await Deno.mkdir(join(cacheFolder(), "arm"), { recursive: true });
    await Deno.writeFile(path, bytes, { mode: 0o755 });
    return bytes;
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
