import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { NEEDED_APPLETS } from "../../../build/stages/initramfs/busybox.ts";
import { sharedLibraries } from "../../../build/stages/initramfs/shared_libraries.ts";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { digestOf } from "../../../lib/bytes/digest.ts";
import { isElf } from "../../../lib/format/elf.ts";
import { sourceOf } from "../../../lib/tree/content.ts";
import { nameOf } from "../../../lib/tree/file_tree.ts";
import { alpineOracle, oracleMissing } from "../../support/apk/alpine_oracle.ts";
import { DEBIAN_TOOLS, debianFolder } from "../../support/build/debian_files.ts";
import { tempFolder } from "../../support/program/file_sink.ts";
import { folderTree } from "../../support/tree/folder_tree.ts";
import { initramfsImage } from "../../support/format/initramfs_image.ts";

const runner = denoRunner();
const tools = [...DEBIAN_TOOLS, "cpio", "gzip", "zstd", "depmod", "modprobe"];
const missing = tools.filter((tool) => !runner.which(tool));
const skip = missing.length > 0;
const reason = skip ? ` (skipped: ${missing.join(", ")} missing)` : "";
const noAlpine = oracleMissing();

const outputOf = async (argv: [string, ...string[]], stdin?: Uint8Array, cwd?: string) => {
  const { stdout } = await runner.run({
    argv,
    ...(stdin ? { stdin } : {}),
    ...(cwd ? { cwd } : {}),
  });
  return new TextDecoder().decode(stdout);
};

/** Unpacks an uncompressed archive; device nodes need root and are left out. */
async function unpack(bytes: Uint8Array, folder: string): Promise<void> {
  const argv = ["cpio", "-i", "-d", "--quiet", "-f", "dev/*"] as const;
  await runner.run({ argv: [...argv], cwd: folder, stdin: bytes });
}

Deno.test({
  name: `zstd, gzip and cpio read the archive, and it has what the kernel looks for${reason}`,
  ignore: skip,
  async fn() {
    const packed = (compression?: "gzip" | "none") =>
      initramfsImage(runner, { modules: ["virtio_blk"], ...compression && { compression } });
    const plain = await packed("none"), gzip = await packed("gzip"), byKernel = await packed();
    const { stdout } = await runner.run({ argv: ["gzip", "-dc"], stdin: gzip.bytes });
    assertEquals(digestOf(stdout), digestOf(plain.bytes));
    const unpacked = (await runner.run({ argv: ["zstd", "-dc"], stdin: byKernel.bytes })).stdout;
    assertEquals(digestOf(unpacked.subarray(0, plain.bytes.length)), digestOf(plain.bytes));
    assert(unpacked.subarray(plain.bytes.length).every((byte) => byte === 0));
    const names = (await outputOf(["cpio", "-t", "--quiet"], plain.bytes)).trim().split("\n");
    for (const name of ["init", "bin/busybox", "bin/sh", "sbin/modprobe", "dev/console"]) {
      assert(names.includes(name), name);
    }
    const modules = names.filter((name) => name.endsWith(".ko")).map(nameOf).sort();
    assertEquals(modules, ["virtio.ko", "virtio_blk.ko", "virtio_ring.ko"]);
    assertEquals(names.filter((name) => name.startsWith("/")), []);
    const listed = await outputOf(["cpio", "-tv", "--quiet"], plain.bytes);
    assert(/^crw------- +1 root +root +5, +1 .* dev\/console$/m.test(listed), listed);
  },
});

Deno.test({
  name: `depmod agrees with the subset's indexes, and modprobe finds all it needs there${reason}`,
  ignore: skip,
  async fn() {
    const wanted = ["virtio_blk", "dm-crypt", "btrfs", "nf_conntrack"];
    const { bytes, release } = await initramfsImage(runner, {
      modules: [...wanted, "@virtio", "@ata", "kernel/drivers/net/*"],
      compression: "none",
    });
    using folder = tempFolder();
    await unpack(bytes, folder.path);
    const base = join(folder.path, "lib/modules", release);
    const ours = new Map(
      [...Deno.readDirSync(base)].filter((e) => e.isFile).map((e) => [
        e.name,
        Deno.readFileSync(join(base, e.name)),
      ]),
    );
    await runner.run({ argv: ["depmod", "-C", "/dev/null", "-b", folder.path, release] });
    for (const [name, bytes] of ours) {
      assertEquals(Deno.readFileSync(join(base, name)), bytes, name);
    }
    for (const module of wanted) {
      const shown = await outputOf(
        ["modprobe", "-d", folder.path, "-S", release, "--show-depends", module],
      );
      const files = [...shown.matchAll(/^insmod (\S+)/gm)].map((m) => m[1]!);
      assert(files.length > 0, `${module}: ${shown}`);
      for (const file of files) assert(Deno.statSync(file).isFile, file);
    }
    assertEquals(
      Deno.readTextFileSync(join(folder.path, "etc/modules")),
      "virtio_blk\ndm_crypt\nbtrfs\nnf_conntrack\n",
    );
  },
});

Deno.test({
  name: `Debian's busybox and its shell accept what /init asks of them${reason}`,
  ignore: skip,
  async fn() {
    const { bytes } = await initramfsImage(runner, { modules: [], compression: "none" });
    using folder = tempFolder();
    await unpack(bytes, folder.path);
    const busybox = join(folder.path, "bin/busybox");
    const listed = (await outputOf([busybox, "--list"])).split("\n");
    assertEquals(NEEDED_APPLETS.filter((applet) => !listed.includes(applet)), []);
    await outputOf([busybox, "sh", "-n", join(folder.path, "init")]);
  },
});

Deno.test({
  name: "Alpine's busybox has all applets and its shell accepts /init" +
    (noAlpine ? ` (skipped: ${noAlpine})` : ""),
  ignore: noAlpine !== undefined,
  async fn() {
    const oracle = await alpineOracle();
    if ("skip" in oracle) throw new Error(oracle.skip);
    await using alpine = oracle;
    const { stdout } = await alpine.run("bin/busybox", ["--list"]);
    const listed = stdout.split("\n");
    assertEquals(NEEDED_APPLETS.filter((applet) => !listed.includes(applet)), []);
    const init = new URL("../../../build/stages/initramfs/init.sh", import.meta.url).pathname;
    const checked = await alpine.run("bin/busybox", ["sh", "-n", init]);
    assertEquals(checked, { code: 0, stdout: "", stderr: "" });
  },
});

Deno.test({
  name: "musl's loader finds the same libraries for every program of a real Alpine" +
    (noAlpine ? ` (skipped: ${noAlpine})` : ""),
  ignore: noAlpine !== undefined,
  async fn() {
    const oracle = await alpineOracle();
    if ("skip" in oracle) throw new Error(oracle.skip);
    await using alpine = oracle;
    const { tree, reader } = folderTree(alpine.root);
    let compared = 0;
    for (const entry of tree.walk()) {
      if (entry.type !== "file" || !/^(usr\/)?s?bin\//.test(entry.path)) continue;
      if (!isElf(sourceOf(reader, entry.content))) continue;
      const listed = await outputOf([
        `${alpine.root}/lib/ld-musl-x86_64.so.1`,
        "--library-path",
        `${alpine.root}/lib:${alpine.root}/usr/lib`,
        "--list",
        join(alpine.root, entry.path),
      ]);
      const real = [...listed.matchAll(/^\t(\S+)/gm)].map((m) => nameOf(m[1]!));
      const ours = sharedLibraries(tree, reader, entry.path).map(nameOf);
      assertEquals(ours.sort(), real.sort(), entry.path);
      compared++;
    }
    assert(compared >= 5, `only ${compared} programs`);
  },
});

const here = Deno.build.os === "linux" && Deno.build.arch === "x86_64" && runner.which("ldd");
Deno.test({
  name: "glibc's ldd finds the same libraries for a program of Debian" +
    (skip ? reason : here ? "" : " (skipped: no ldd on x86_64)"),
  ignore: skip || !here,
  async fn() {
    const packages = ["kmod", "libc6", "libzstd1", "liblzma5", "libssl3"];
    const folders = [];
    for (const name of packages) folders.push(await debianFolder(runner, name));
    const { tree, reader } = folderTree(...folders);
    const listed = await outputOf([
      "ldd",
      join(folders[0]!, tree.file("bin/kmod") ? "bin/kmod" : "usr/bin/kmod"),
    ]);
    const real = [...listed.matchAll(/^\t(\S+)/gm)].map((m) => nameOf(m[1]!));
    const ours = sharedLibraries(
      tree,
      reader,
      tree.file("bin/kmod") ? "bin/kmod" : "usr/bin/kmod",
    );
    assertEquals(ours.map(nameOf).sort(), real.filter((n) => n !== "linux-vdso.so.1").sort());
  },
});
