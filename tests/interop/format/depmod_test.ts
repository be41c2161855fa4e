import { inOneBreath } from "../../../lib/breathe.ts";
import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { depmod } from "../../../lib/kmod/depmod.ts";
import { moduleDirectory, releasesIn } from "../../../lib/kmod/module_directory.ts";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { DEBIAN_TOOLS, debianDependency, debianFolder } from "../../support/build/debian_files.ts";
import { tempFolder } from "../../support/program/file_sink.ts";
import { folderTree } from "../../support/tree/folder_tree.ts";

const runner = denoRunner();
const missing = [...DEBIAN_TOOLS, "depmod", "cp", "zstd"].filter((tool) => !runner.which(tool));
const skip = missing.length > 0;
const reason = skip ? ` (skipped: ${missing.join(", ")} missing)` : "";
const PACKAGE = "linux-image-cloud-amd64";

/** A copy of Debian's cloud kernel's modules that tests may change. */
async function kernelCopy(folder: string): Promise<{ root: string; release: string }> {
  const debian = await debianFolder(
    runner,
    await debianDependency(runner, PACKAGE, /^linux-image-\d/),
  );
  await runner.run({ argv: ["cp", "-a", join(debian, "lib"), folder] });
  const release = [...Deno.readDirSync(join(folder, "lib/modules"))][0]!.name;
  return { root: folder, release };
}

/** Runs both and says which files differ. */
async function differences(root: string, release: string): Promise<string[]> {
  await runner.run({ argv: ["depmod", "-C", "/dev/null", "-b", root, release] });
  const { tree, reader } = folderTree(root);
  assertEquals(releasesIn(tree), [release]);
  const { files } = await depmod(moduleDirectory(tree, reader, release), inOneBreath);
  assertEquals(files.size, 10);
  return [...files].filter(([name, bytes]) => {
    const real = Deno.readFileSync(join(root, "lib/modules", release, name));
    return real.length !== bytes.length || real.some((byte, i) => byte !== bytes[i]);
  }).map(([name]) => name);
}

Deno.test({
  name: `real depmod writes the same bytes for a whole kernel, with and without its order${reason}`,
  ignore: skip,
  async fn() {
    using folder = tempFolder();
    const { root, release } = await kernelCopy(folder.path);
    assertEquals(await differences(root, release), []);
    Deno.removeSync(join(root, "lib/modules", release, "modules.order"));
    assertEquals(await differences(root, release), []);
    for (const list of ["modules.builtin", "modules.builtin.modinfo"]) {
      Deno.removeSync(join(root, "lib/modules", release, list));
    }
    assertEquals(await differences(root, release), []);
  },
});

Deno.test({
  name: `real depmod writes the same bytes for zstd modules and those below updates/${reason}`,
  ignore: skip,
  async fn() {
    using folder = tempFolder();
    const { root, release } = await kernelCopy(folder.path);
    const base = join(root, "lib/modules", release);
    const virtio = join(base, "kernel/drivers/virtio");
    const modules = [...Deno.readDirSync(virtio)].map((e) => join(virtio, e.name));
    assert(modules.length > 3);
    await runner.run({ argv: ["zstd", "-q", "--rm", ...modules] });
    Deno.mkdirSync(join(base, "updates/dkms"), { recursive: true });
    Deno.copyFileSync(
      join(base, "kernel/drivers/block/virtio_blk.ko"),
      join(base, "updates/dkms/virtio_blk.ko"),
    );
    Deno.copyFileSync(
      join(base, "kernel/drivers/block/loop.ko"),
      join(base, "updates/loop.ko"),
    );
    assertEquals(await differences(root, release), []);
  },
});
