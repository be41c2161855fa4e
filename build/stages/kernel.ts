import { depmod } from "../../lib/kmod/depmod.ts";
import { findKernel } from "../../lib/kmod/kernel_image.ts";
import { moduleDirectory, moduleParts } from "../../lib/kmod/module_directory.ts";
import type { KernelSpec } from "../manifest/schema.ts";
import type { Stage } from "./stage.ts";

/** Directories of depmod.d(5): what they change of the order of modules is not applied. */
const CONFIGURATION = ["etc/depmod.d", "lib/depmod.d", "usr/lib/depmod.d"];

/**
 * Checks that the kernel of a flavour is in the tree and writes the indexes of its modules, as
 * depmod(8) on the machine would.
 */
export const kernel: Stage<KernelSpec> = (tree, { flavour }, context) => {
  const { reader, epoch, reporter, made } = context;
  const { release } = findKernel(tree, reader, flavour);
  const directory = moduleDirectory(tree, reader, release);
  for (const path of CONFIGURATION) {
    for (const { path: file } of tree.children(tree.resolve(path) ?? path)) {
      reporter.report({ type: "warning", message: `depmod does not apply "/${file}"` });
    }
  }
  const indexes = made("depmod", moduleParts(directory), () => depmod(directory).files);
  for (const [name, content] of indexes) {
    tree.replace({
      type: "file",
      path: `${directory.path}/${name}`,
      mode: 0o644,
      uid: 0,
      gid: 0,
      mtime: epoch,
      origin: "stage:kernel",
      content,
    });
  }
};
