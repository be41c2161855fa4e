import { z } from "zod";
import { withRootHashes } from "../../lib/boot/root_hashes.ts";
import { findStub, osReleaseOf, writeUnifiedKernel } from "../../lib/boot/unified_kernel.ts";
import { atField, TowerError } from "../../lib/errors.ts";
import { findKernel } from "../../lib/kmod/kernel_image.ts";
import { forArches } from "../../lib/schema/arches.ts";
import { commandLineOfTree } from "../../lib/schema/command_line.ts";
import { serviceName, treePath } from "../../lib/schema/scalars.ts";
import { wholeBlob } from "../../lib/tree/content.ts";
import type { Content } from "../../lib/tree/entry.ts";
import type { FileTree } from "../../lib/tree/file_tree.ts";
import { type Stage, stageKind } from "./stage.ts";

const spec = z.strictObject({
  kind: z.literal("uki"),
  ...forArches,
  path: treePath.describe(
    "Where the image goes in the tree. systemd-boot lists those in /boot/EFI/Linux and starts the " +
      "one called system.efi.",
  ),
  flavour: serviceName.describe("Kernel flavour as in linux-FLAVOUR."),
  initramfs: treePath.describe("The initramfs in the tree, as a stage before made it."),
  cmdline: commandLineOfTree.describe(
    "Kernel command line, whole: nothing is added. A disk's root is found by its label, such as " +
      "root=LABEL=root. {roothash:PATH} is the root hash of a hash device that a stage verity made at PATH.",
  ),
  stub: treePath.optional().describe(
    "The EFI stub in the tree; by default that of systemd, or of gummiboot.",
  ),
  osRelease: treePath.default("etc/os-release").describe(
    "What the system is called in a boot menu: a file of os-release(5), /etc/os-release by default.",
  ),
}).describe(
  "Makes a unified kernel image: kernel, initramfs and command line as one EFI program, which one " +
    "signature covers.",
);

export type UkiPlan = z.infer<typeof spec>;

/** Puts kernel, initramfs and command line of the tree into one EFI program. */
const apply: Stage<UkiPlan> = (tree, plan, { arch, reader, blobs, epoch }) => {
  const { release, image } = atField(["flavour"], () => findKernel(tree, reader, plan.flavour));
  const { stub: named } = plan;
  const stub = atField(
    ["stub"],
    () => named === undefined ? findStub(tree, arch) : fileOf(tree, named, "stub"),
  );
  const initramfs = atField(["initramfs"], () => fileOf(tree, plan.initramfs, "initramfs"));
  const osRelease = atField(
    ["osRelease"],
    () => osReleaseOf(reader, fileOf(tree, plan.osRelease, "name"), plan.osRelease, release),
  );
  const kernel = fileOf(tree, image, "kernel");
  const commandLine = atField(["cmdline"], () => withRootHashes(plan.cmdline, tree, reader));
  const writer = blobs.writer();
  let content: Content;
  try {
    const parts = { arch, stub, osRelease, release, commandLine, kernel, initramfs };
    writeUnifiedKernel(parts, reader, (bytes) => writer.write(bytes));
    content = wholeBlob(writer.commit());
  } finally {
    writer.discard();
  }
  const origin = "stage:uki";
  atField(["path"], () => {
    tree.putParents(plan.path, origin, epoch);
    tree.replace({
      ...{ type: "file", path: plan.path, mode: 0o600, uid: 0, gid: 0, mtime: epoch },
      ...{ origin, content },
    });
  });
};

function fileOf(tree: FileTree, path: string, what: string): Content {
  const file = tree.file(path);
  if (file) return file.content;
  throw new TowerError(
    "not-found",
    `Cannot make a unified kernel image: its ${what} "/${path}" is not in the tree`,
  );
}

export const uki = stageKind({
  spec,
  plan: (spec) => spec,
  line: ({ path, flavour, cmdline }) => `/${path} of ${flavour}, ${cmdline}`,
  apply,
});
