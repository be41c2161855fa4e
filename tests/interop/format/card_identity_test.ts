import { inOneBreath } from "../../../lib/breathe.ts";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { hostVolumes } from "../../../lib/boot/host_volumes.ts";
import { putRootFile } from "../../../lib/format/fat/inject.ts";
import { giveIdentity, isMisnamed } from "../../../lib/boot/card_identity.ts";
import { digestOf } from "../../../lib/bytes/digest.ts";
import { uuidFrom } from "../../../lib/format/uuid.ts";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { silent } from "../../../lib/report/event.ts";
import { openDisk } from "../../../lib/files/disk_file.ts";
import { BOOT_TREE_TOOLS, bootTree } from "../../support/format/boot_tree.ts";
import { diskPlan, writeImage } from "../../support/format/disk_plan.ts";
import { DEBIAN_TOOLS } from "../../support/build/debian_files.ts";
import { fileSink, tempFolder } from "../../support/program/file_sink.ts";
import { partitionFile } from "../../support/format/partition_file.ts";
import { named, programsMissing } from "../../support/program/missing_programs.ts";
import { run } from "../../support/program/run_tool.ts";

const runner = denoRunner();
const TOOLS = ["sfdisk", "fsck.fat", "mtype", "e2fsck", "dumpe2fs", "tune2fs", "debugfs", "blkid"];
const missing = programsMissing(runner, ...TOOLS, ...BOOT_TREE_TOOLS, ...DEBIAN_TOOLS);

const EPOCH = 1_700_000_000;
/** The UUID of an image's root. */
const IMAGE = /UUID=(\S+)/.exec(diskPlan().boot!.cmdline)![1]!;
const OWN = uuidFrom("own");
const FIELDS = {
  table: "mbr",
  root: { free: "140MiB" },
  cmdline: "rootwait rootdelay=10 console=ttyS0",
};
const CMDLINE = `root=UUID=${OWN} rootfstype=ext4 rootwait console=ttyS0             `;

async function cardFile(folder: string, fields: object = {}): Promise<string> {
  const image = join(folder, "disk.img");
  const plan = diskPlan({ ...FIELDS, ...fields });
  const reader = {
    open: () => {
      throw new Error("no blobs here");
    },
  };
  {
    using sink = fileSink(image);
    const tree = await bootTree(runner);
    await writeImage(tree, plan, sink, {
      reader,
      epoch: EPOCH,
      reporter: silent,
      breathe: inOneBreath,
    });
  }
  using card = openDisk(image);
  putRootFile(hostVolumes(card, undefined).boot, {
    name: "cmdline.txt",
    bytes: new TextEncoder().encode(`é ${plan.boot!.cmdline}   \n`),
    mtime: 0,
  });
  return image;
}

// FAT16 has the volume's number elsewhere than FAT32, which has it twice.
const VOLUMES = [
  { type: "FAT16", boot: { free: "1MiB" }, loaders: ["syslinux"] },
  { type: "FAT32", boot: { size: "64MiB" }, loaders: ["syslinux", "systemd-boot"] },
] as const;

for (const { type, boot, loaders } of VOLUMES) {
  Deno.test({
    ...named(
      `a card gets its own UUIDs, and the tools for ${type} and ext4 find no fault`,
      missing,
    ),
    async fn() {
      using folder = tempFolder();
      const image = await cardFile(folder.path, { boot, loaders });
      {
        using card = openDisk(image);
        const volumes = hostVolumes(card, undefined);
        assert(!isMisnamed(volumes));
        assert(giveIdentity(volumes, OWN));
        assert(!isMisnamed(volumes));
      }
      const bootPart = await partitionFile(runner, image, 1);
      await run("fsck.fat", "-n", bootPart);
      assertMatch(
        await run("mtype", "-i", bootPart, "::syslinux.cfg"),
        line(`  APPEND ${CMDLINE}`),
      );
      if (loaders.length > 1) {
        const entry = await run("mtype", "-i", bootPart, "::loader/entries/system.conf");
        assertMatch(entry, line(`options ${CMDLINE}`));
      }
      assertEquals(await run("mtype", "-i", bootPart, "::cmdline.txt"), `é ${CMDLINE}   \n`);
      const kind = await run("blkid", "-p", "-o", "export", bootPart);
      assertMatch(kind, new RegExp(`^VERSION=${type}$`, "m"));
      assert(!/^UUID=C0FF-EE42$/m.test(kind), kind);

      const root = await partitionFile(runner, image, 2);
      await run("e2fsck", "-fn", root);
      const fields = await run("dumpe2fs", "-h", root);
      assertMatch(fields, new RegExp(`^Filesystem UUID: +${OWN}$`, "m"));
      assertMatch(fields, /^Filesystem features: .*metadata_csum_seed/m);
      assertEquals(await run("debugfs", "-R", "cat /etc/hostname", root), "tower\n");
      // A card may get another name later, and its copies of the superblock are still good.
      await run("tune2fs", "-U", "random", root);
      await run("e2fsck", "-fn", root);
      const argv = ["e2fsck", "-fy", "-b", "32768", "-B", "4096", root] as const;
      await runner.run({ argv: [...argv], okCodes: [0, 1] });
      await run("e2fsck", "-fn", root);
      if (loaders.length === 1) leavesOthers(image);
    },
  });
}

/** A disk whose loaders name another root is left as it is, byte for byte. */
function leavesOthers(image: string): void {
  using card = openDisk(image);
  const volumes = hostVolumes(card, undefined);
  putRootFile(volumes.boot, { name: "cmdline.txt", bytes: new Uint8Array(), mtime: 0 });
  for (const root of ["LABEL=root", `UUID=${IMAGE}`]) {
    const bytes = new TextEncoder().encode(`APPEND root=${root} quiet\n`);
    putRootFile(volumes.boot, { name: "syslinux.cfg", bytes, mtime: 0 });
    const before = Deno.readFileSync(image);
    assertEquals(giveIdentity(volumes, uuidFrom("third")), false);
    assertEquals(digestOf(Deno.readFileSync(image)), digestOf(before));
    assertEquals(isMisnamed(volumes), root !== "LABEL=root");
  }
}

function line(text: string): RegExp {
  return new RegExp(`^${text.replaceAll(/[.*+?()[\]{}|\\^$]/g, "\\$&")}\r?$`, "m");
}
