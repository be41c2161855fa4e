import { findKernel } from "../../lib/kmod/kernel_image.ts";
import { inlineText } from "../../lib/tree/content.ts";
import type { Content, ContentReader } from "../../lib/tree/entry.ts";
import { FileTree } from "../../lib/tree/file_tree.ts";
import { z } from "zod";
import { atField, withField } from "../../lib/errors.ts";
import { forArches } from "../../lib/schema/arches.ts";
import { line, serviceName, treePath } from "../../lib/schema/scalars.ts";
import { appletsOf, findBusybox, linkApplets, NEEDED_APPLETS } from "./initramfs/busybox.ts";
import init from "./initramfs/init.sh" with { type: "text" };
import { type InitramfsPart, PART_NAMES, PARTS, SHELL } from "./initramfs/parts.ts";
import { packingFor, packInitramfs } from "./initramfs/packing.ts";
import { copyModules } from "./initramfs/modules.ts";
import { sharedLibraries } from "./initramfs/shared_libraries.ts";
import { guardFromUpgrades } from "./initramfs/upgrades.ts";
import { transplant } from "./initramfs/transplant.ts";
import { type Stage, type StageContext, stageKind } from "./stage.ts";

const spec = z.strictObject({
  kind: z.literal("initramfs"),
  ...forArches,
  flavour: serviceName,
  path: treePath.describe("Where the initramfs goes in the tree."),
  modules: z.array(line.min(1)).default([]).describe("Kernel modules, with all they depend on."),
  parts: z.array(z.enum(PART_NAMES)).default([]).refine(
    (parts) => !parts.includes("live") || parts.length === 1,
    "must have live alone: the root is on the medium",
  ).describe(
    "What it does beside mounting a root: unlock opens an encrypted one, with cryptsetup and lvm; verity " +
      "(veritysetup, of the package cryptsetup) one whose root hash the command line tells as roothash=, " +
      "in partitions root-X and verity-X of a GPT, and keeps in memory what is written to it; slots takes " +
      "one of two (stage slots); live one that is a file of the medium, live=PATH, with its hash tree " +
      "beside it (docs/iso.md).",
  ),
  files: z.array(treePath).default([]).describe("Files of the tree, with the libraries they need."),
  compression: z.enum(["zstd", "gzip", "none"]).optional().describe(
    "By default zstd where the kernel's configuration in /boot says that it can unpack it, else gzip.",
  ),
  level: z.int().min(1).max(9).optional().describe("By default 3 for zstd and 6 for gzip."),
  emergencyShell: z.boolean().default(false).describe(
    "Whether whoever sits at the console gets a root shell, without a password, when the start fails " +
      "or the command line says `break`.",
  ),
}).describe(
  "Makes an initramfs that mounts the root and starts init. On the booted system, apk then keeps " +
    "the kernel that it is for.",
);

export type InitramfsPlan = z.infer<typeof spec>;

/** What `init.sh` mounts on, and what programs in it expect. */
const MOUNT_POINTS = ["dev", "newroot", "proc", "run", "sys", "tmp"];

/**
 * Makes the initial file system from programs and modules of the tree and puts it into the tree
 * as one file: `/init` of our own, busybox, modules with their indexes and firmware. Runs
 * nothing, so the architecture of the building machine does not matter. The kernel that it is for
 * then stays as it is, whatever is upgraded on the booted system.
 */
const apply: Stage<InitramfsPlan> = async (tree, plan, context) => {
  const { reader, blobs, epoch, zstd, breathe } = context;
  const { release } = atField(["flavour"], () => findKernel(tree, reader, plan.flavour));
  const made = await initramfsTree(tree, reader, { ...plan, release }, { epoch, breathe });
  const packing = atField(["compression"], () => packingFor(tree, reader, { ...plan, release }));
  const content = await context.content(
    "none",
    (file) => packInitramfs(made, reader, file, packing, { zstd, breathe }),
  );
  tree.putParents(plan.path, "stage:initramfs", epoch);
  tree.replace({
    type: "file",
    path: plan.path,
    // Not for all eyes: later it may hold what unlocks a disk.
    mode: 0o600,
    uid: 0,
    gid: 0,
    mtime: epoch,
    origin: "stage:initramfs",
    content,
  });
  guardFromUpgrades(tree, reader, plan.flavour, epoch, blobs);
};

/**
 * The initial file system as a tree.
 *
 * @param plan and the release of the kernel of its flavour
 * @throws {TowerError} `not-found` for a module, file or library that is missing;
 * `unsupported` for a busybox that lacks what `/init` calls.
 */
export async function initramfsTree(
  from: FileTree,
  reader: ContentReader,
  plan:
    & Pick<InitramfsPlan, "modules" | "parts" | "files" | "emergencyShell">
    & { readonly release: string },
  { epoch, breathe }: Pick<StageContext, "epoch" | "breathe">,
): Promise<FileTree> {
  const owned = { uid: 0, gid: 0, mtime: epoch, origin: "stage:initramfs" as const };
  const to = new FileTree({ ...owned, mode: 0o755 });
  for (const path of MOUNT_POINTS) {
    to.put({ ...owned, type: "directory", path, mode: path === "tmp" ? 0o1777 : 0o755 });
  }
  // Before devtmpfs is mounted the kernel opens the one, and shells write to the other.
  to.put({ ...owned, type: "char", path: "dev/console", mode: 0o600, major: 5, minor: 1 });
  to.put({ ...owned, type: "char", path: "dev/null", mode: 0o666, major: 1, minor: 3 });

  const busybox = findBusybox(from);
  const configuration = from.file("etc/modprobe.d") ?? from.get("etc/modprobe.d");
  const take = (path: string) => {
    for (const program of transplant(from, to, path)) {
      for (const library of sharedLibraries(from, reader, program)) transplant(from, to, library);
    }
  };
  take(busybox);
  const parts: InitramfsPart[] = [];
  for (const [i, name] of plan.parts.entries()) {
    atField(["parts", i], () => PARTS[name].programs.forEach(take));
    parts.push(PARTS[name]);
  }
  if (plan.emergencyShell) parts.push(SHELL);
  for (const [i, path] of plan.files.entries()) atField(["files", i], () => take(path));
  if (configuration) take("etc/modprobe.d");
  const needed = [...NEEDED_APPLETS, ...parts.flatMap(({ applets }) => applets)];
  const wished = parts.flatMap(({ wishedApplets }) => wishedApplets);
  linkApplets(to, busybox, appletsOf(from, reader, busybox, needed, wished), owned);

  const copied = copyModules(from, to, reader, plan.release, plan.modules, breathe);
  const { named, indexes } = await copied.catch((error) => {
    throw withField(["modules"], error);
  });
  const put = (path: string, mode: number, content: Content) => {
    to.putParents(path, owned.origin, epoch);
    to.put({ ...owned, type: "file", path, mode, content });
  };
  for (const [path, bytes] of indexes) put(path, 0o644, { kind: "inline", bytes });
  put("etc/modules", 0o644, inlineText(named.map((name) => `${name}\n`).join("")));
  put("init", 0o755, inlineText(init));
  const scripts = parts.flatMap((part) => part.scripts);
  for (const [name, texts] of Map.groupBy(scripts, ([name]) => name)) {
    // Several parts may lean on one text.
    put(name, 0o644, inlineText([...new Set(texts.map(([, text]) => text))].join("\n")));
  }
  return to;
}

export const initramfs = stageKind({
  spec,
  plan: (spec) => spec,
  line: ({ path, modules }) => `/${path} with ${modules.join(" ") || "no modules"}`,
  apply,
});
