import { depmod } from "../../lib/kmod/depmod.ts";
import { findKernel } from "../../lib/kmod/kernel_image.ts";
import { moduleDirectory, moduleParts } from "../../lib/kmod/module_directory.ts";
import { z } from "zod";
import { atField } from "../../lib/errors.ts";
import { forArches } from "../../lib/schema/arches.ts";
import { serviceName } from "../../lib/schema/scalars.ts";
import { type Stage, stageKind } from "./stage.ts";

const spec = z.strictObject({
  kind: z.literal("kernel"),
  ...forArches,
  flavour: serviceName.describe("Kernel flavour as in linux-FLAVOUR: virt, lts, rpi."),
}).describe("Checks the kernel and writes the module indexes (depmod).");

export type KernelPlan = z.infer<typeof spec>;

/** Directories of depmod.d(5): what they change of the order of modules is not applied. */
const CONFIGURATION = ["etc/depmod.d", "lib/depmod.d", "usr/lib/depmod.d"];

/**
 * Checks that the kernel of a flavour is in the tree and writes the indexes of its modules, as
 * depmod(8) on the machine would.
 */
const apply: Stage<KernelPlan> = async (tree, { flavour }, context) => {
  const { reader, epoch, reporter, made, breathe } = context;
  const { release } = atField(["flavour"], () => findKernel(tree, reader, flavour));
  const directory = moduleDirectory(tree, reader, release);
  for (const path of CONFIGURATION) {
    for (const { path: file } of tree.children(tree.resolve(path) ?? path)) {
      reporter.report({ type: "warning", message: `depmod does not apply "/${file}"` });
    }
  }
  const make = async () => (await depmod(directory, breathe)).files;
  const indexes = await made("depmod", moduleParts(directory), make);
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

export const kernel = stageKind({
  spec,
  plan: (spec) => spec,
  line: ({ flavour }) => flavour,
  apply,
});
