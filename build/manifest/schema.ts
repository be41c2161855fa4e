import { z } from "zod";
import { ARCHES } from "../../lib/brand.ts";
import {
  byteSize,
  cryptHash,
  fileMode,
  fileName,
  line,
  numericId,
  treePath,
} from "../../lib/schema/scalars.ts";
import { SCRIPT_KINDS } from "../../lib/apk/types.ts";
import { authorizedKeyFault } from "../../lib/ssh_signature/authorized_key.ts";
import { once } from "../../lib/schema/lists.ts";
import { artifactName } from "../../lib/release/artifact_name.ts";

/**
 * The one table of what a manifest may say. Types, decoding, JSON Schema and the reference page
 * all come from it.
 */

/** What every stage and every output may say of itself. */
const restricted = {
  arches: z.array(z.enum(ARCHES)).min(1).optional().describe(
    "Architectures that this is for; all of the manifest's by default.",
  ),
};

const packageName = z.string().regex(
  /^[a-zA-Z0-9_][a-zA-Z0-9._+-]*$/,
  "must be a package name",
);
const accountName = z.string().regex(
  /^[a-z_][a-z0-9_-]{0,31}$/,
  "must be 1 to 32 of a-z, 0-9, _ and -, and start with a letter or _",
);
const serviceName = z.string().regex(/^[a-zA-Z0-9][a-zA-Z0-9._-]{0,63}$/, "must be a service name");
const fatLabel = z.string().regex(/^[A-Z0-9_-]{1,11}$/, "must be 1 to 11 of A-Z, 0-9, _ and -");
const ext4Label = z.string().regex(
  /^[A-Za-z0-9_-]{1,16}$/,
  "must be 1 to 16 letters, digits, _ and -",
);

/** Of what a system is, as file names tell it: a dash would end it there. */
const version = z.string().regex(
  /^[0-9A-Za-z][0-9A-Za-z._+]{0,31}$/,
  "must be 1 to 32 letters, digits, dots, plus and underscore, such as 1.4",
);
const artifactFile = z.string().refine(
  (text) => fileName.safeParse(artifactName(text, { version: "1", epoch: 0 })).success,
  "must be a file name of letters, digits, dot, plus, minus and underscore; it may have " +
    "{version} and {timestamp}",
).describe(
  "Name of the file. {version} stands for the manifest's version, {timestamp} for the time of " +
    "the newest package (UTC, YYYYmmddHHMMSS).",
);

/** An item of the world, or several of which the first that a repository has is taken. */
const wanted = z.union([
  line.min(1),
  z.array(
    line.min(1).refine((item) => !item.startsWith("!"), "must be a package, not one to keep out"),
  ).min(2),
]);
const world = z.array(wanted).describe(
  "Packages wanted, in the syntax of apk's world file: name, name=1.2, name>1, !name, name@tag. " +
    "Of a list, such as [systemd-boot, gummiboot], the first that a repository has.",
);

const packagesStage = z.strictObject({
  kind: z.literal("packages"),
  ...restricted,
  world,
  optional: world.default([]).describe(
    "Packages of the world that a repository may lack: then a warning says so, the record lists " +
      "them, and the system is built without.",
  ),
  scripts: z.array(z.strictObject({
    package: packageName,
    script: z.enum(SCRIPT_KINDS),
    do: z.enum(["skip", "first-boot"]),
    reason: line.min(1).describe("Why this is right; it goes into the record."),
  })).default([]).describe(
    "What to do with package scripts that do what is not understood, or against what is done by default.",
  ),
}).describe("Installs packages with all they depend on.");

const filesStage = z.strictObject({
  kind: z.literal("files"),
  ...restricted,
  overlay: line.min(1).optional().describe(
    "Folder beside the manifest that is laid over the tree, root:root; directories 0755, " +
      "files 0644, files that begin with #! 0755.",
  ),
  files: z.array(z.union([
    z.strictObject({
      path: treePath,
      contents: z.string(),
      mode: fileMode.default(0o644).describe("Octal in quotes; files 0644, directories 0755."),
      uid: numericId.default(0),
      gid: numericId.default(0),
    }),
    z.strictObject({ path: treePath, symlink: line.min(1) }),
    z.strictObject({
      path: treePath,
      directory: z.literal(true),
      mode: fileMode.default(0o755),
      uid: numericId.default(0),
      gid: numericId.default(0),
    }),
  ])).superRefine(once("path", (path) => `/${path}`)).default([]),
  remove: z.array(treePath).default([]).describe("Paths taken out of the tree, with all below."),
}).describe("Puts files of the manifest's own into the tree.");

/** A line that sshd would pass over in silence lets nobody in: it is told here. */
const authorizedKey = line.superRefine((text, context) => {
  const message = authorizedKeyFault(text);
  if (message !== undefined) context.addIssue({ code: "custom", message });
});

const accountsStage = z.strictObject({
  kind: z.literal("accounts"),
  ...restricted,
  groups: z.array(z.strictObject({ name: accountName, gid: numericId.optional() }))
    .superRefine(once("name")).default([]),
  users: z.array(
    z.strictObject({
      name: accountName,
      uid: numericId.optional(),
      group: accountName.optional().describe("Primary group; by default one of the user's name."),
      groups: z.array(accountName).default([]),
      home: treePath.optional(),
      shell: treePath.optional(),
      comment: line.optional(),
      password: z.union([
        z.enum(["none", "locked"]),
        cryptHash,
      ]).optional().describe(
        "A crypt(5) hash; none: no password fits but keys do; locked: sshd refuses keys as well. " +
          "By default as a stage before says, else none.",
      ),
      authorizedKeys: z.array(authorizedKey).default([]).describe(
        "Lines as sshd reads them: options, type, key, comment; added to the home's " +
          ".ssh/authorized_keys.",
      ),
    }).refine((user) => user.password !== "locked" || user.authorizedKeys.length === 0, {
      path: ["authorizedKeys"],
      message:
        "let nobody in: sshd refuses the keys of a locked account; password: none takes them",
    }),
  ).superRefine(once("name")).default([]),
}).describe("Makes users and groups, or changes those that packages made.");

const servicesStage = z.strictObject({
  kind: z.literal("services"),
  ...restricted,
  runlevels: z.record(serviceName, z.array(serviceName)).describe(
    "OpenRC services by runlevel: sysinit, boot, default, shutdown, or one of your own.",
  ),
}).describe("Enables OpenRC services.");

const kernelStage = z.strictObject({
  kind: z.literal("kernel"),
  ...restricted,
  flavour: serviceName.describe("Kernel flavour as in linux-FLAVOUR: virt, lts, rpi."),
}).describe("Checks the kernel and writes the module indexes (depmod).");

const initramfsStage = z.strictObject({
  kind: z.literal("initramfs"),
  ...restricted,
  flavour: serviceName,
  path: treePath.describe("Where the initramfs goes in the tree."),
  modules: z.array(line.min(1)).default([]).describe("Kernel modules, with all they depend on."),
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

/** Block of ext4; a sector of FAT goes into it. */
const BLOCK = 4096;
const room = {
  free: byteSize.optional().describe("Free space left beyond the content."),
  size: byteSize.refine(
    (bytes) => bytes > 0 && bytes % BLOCK === 0,
    "must be a multiple of 4KiB and more than 0B",
  ).optional()
    .describe("Exact size instead of content plus free space."),
};
const oneSize = (v: { free?: number | undefined; size?: number | undefined }) =>
  (v.free === undefined) !== (v.size === undefined);
const ONE_SIZE = { message: 'needs one of "free" and "size"' };

/** What may start a disk. */
const LOADERS = ["syslinux", "systemd-boot", "raspberrypi"] as const;
const diskOutput = z.strictObject({
  kind: z.literal("disk"),
  ...restricted,
  file: artifactFile,
  table: z.enum(["mbr", "gpt"]),
  boot: z.strictObject({ label: fatLabel.default("BOOT"), ...room }).refine(oneSize, ONE_SIZE)
    .describe("FAT partition that holds the tree's /boot."),
  root: z.strictObject({ label: ext4Label.default("root"), ...room }).refine(oneSize, ONE_SIZE)
    .describe("ext4 partition that holds the rest."),
  loaders: z.array(z.enum(LOADERS)).min(1).describe(
    "Boot loaders, taken from the tree: syslinux for BIOS, systemd-boot (or gummiboot, as which " +
      "it began) for UEFI, raspberrypi " +
      "for the firmware of Raspberry Pis (table mbr; /boot keeps 8MiB free at least).",
  ),
  flavour: serviceName.describe("Kernel flavour to boot."),
  initramfs: treePath.describe("Path of the initramfs in the tree, below /boot."),
  cmdline: line.max(1900, "must have at most 1900 characters: a kernel reads 2047 bytes").default(
    "",
  )
    .describe("Kernel command line; root= is added."),
  compression: z.enum(["none", "gzip", "zstd", "xz"]).default("none").describe(
    "Adds .gz, .zst or .xz to the file's name; xz needs the program of that name.",
  ),
}).refine((disk) => disk.table === "mbr" || !disk.loaders.includes("raspberrypi"), {
  path: ["table"],
  message: "must be mbr for the loader raspberrypi",
}).describe("A whole disk: partition table, boot loaders, FAT boot, ext4 root.");

const tarOutput = z.strictObject({
  kind: z.literal("tar"),
  ...restricted,
  file: artifactFile,
  compression: z.enum(["gzip", "none"]).default("none"),
}).describe("The tree as a PAX tar archive.");

const initramfsOutput = z.strictObject({
  kind: z.literal("initramfs"),
  ...restricted,
  file: artifactFile,
  compression: z.enum(["gzip", "none"]).default("gzip"),
}).describe("The whole tree as a cpio (newc) archive that a kernel can start from.");

export const stageSpec = z.discriminatedUnion("kind", [
  packagesStage,
  filesStage,
  accountsStage,
  servicesStage,
  kernelStage,
  initramfsStage,
]);
export const outputSpec = z.discriminatedUnion("kind", [diskOutput, tarOutput, initramfsOutput]);

export const manifestDocument = z.strictObject({
  name: z.string().regex(
    /^[a-z][a-z0-9-]{0,62}$/,
    "must be a-z, 0-9 and -, and start with a letter",
  ),
  description: line.optional(),
  version: version.optional().describe("What {version} stands for in names of outputs."),
  extends: line.min(1).optional().describe(
    "A system by name, or a manifest file beside this one, that this one adds to: stages are " +
      "appended, every other field replaces the base's.",
  ),
  arches: z.array(z.enum(ARCHES)).min(1).optional().describe("Architectures it can be built for."),
  repositories: z.array(line.min(1)).min(1).optional().describe(
    'Package repositories, first wins a tie: a URL, "@tag URL", or "lab" for the one that ' +
      "`deno task lab` makes. Those of --repository take their place.",
  ),
  stages: z.array(stageSpec).default([]).describe("What happens to the tree, in this order."),
  outputs: z.array(outputSpec).min(1).optional().describe("What is made of the tree."),
}).superRefine(({ arches, stages, outputs }, context) => {
  for (const [field, list] of Object.entries({ stages, outputs })) {
    for (const [i, item] of (list ?? []).entries()) {
      for (const [j, arch] of (item.arches ?? []).entries()) {
        if (arches === undefined || arches.includes(arch)) continue;
        const message = `"${arch}" is none of the manifest's arches`;
        context.addIssue({ code: "custom", path: [field, i, "arches", j], message });
      }
    }
  }
});

export type ManifestDocument = z.infer<typeof manifestDocument>;
export type StageSpec = z.infer<typeof stageSpec>;
export type OutputSpec = z.infer<typeof outputSpec>;
export type Wanted = z.infer<typeof wanted>;
export type PackagesSpec = z.infer<typeof packagesStage>;
export type FilesSpec = z.infer<typeof filesStage>;
export type AccountsSpec = z.infer<typeof accountsStage>;
export type ServicesSpec = z.infer<typeof servicesStage>;
export type KernelSpec = z.infer<typeof kernelStage>;
export type InitramfsSpec = z.infer<typeof initramfsStage>;
export type DiskSpec = z.infer<typeof diskOutput>;
export type DiskCompression = DiskSpec["compression"];
export type TarSpec = z.infer<typeof tarOutput>;
export type InitramfsOutputSpec = z.infer<typeof initramfsOutput>;
