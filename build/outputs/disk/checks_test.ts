import { assertEquals } from "@std/assert";
import { disk } from "../disk.ts";

const BOOT = { name: "boot", type: "esp", content: { kind: "fat", folder: "/boot" }, free: "1MiB" };
const ROOT = { name: "root", type: "root", content: { kind: "ext4", folder: "/" }, free: "1MiB" };
const DATA = {
  name: "data",
  type: "linux",
  content: { kind: "ext4", folder: "/srv" },
  free: "1MiB",
};
const START = { loaders: ["systemd-boot"], flavour: "virt", initramfs: "/boot/initramfs" };

/** Every fault of a disk, as `field: message`. */
function faults(fields: object, partitions: readonly object[] | undefined = [BOOT, ROOT]) {
  const result = disk.spec.safeParse({
    ...{ kind: "disk", file: "a.img", table: "gpt", partitions, ...START, ...fields },
  });
  return result.error?.issues.map(({ path, message }) => `${path.join(".")}: ${message}`) ?? [];
}
const many = (count: number) =>
  Array.from({ length: count }, (_, i) => ({
    ...{ ...DATA, name: `p${i}`, content: { kind: "ext4", folder: `/srv/${i}` } },
  }));
const IDLE = { loaders: undefined, flavour: undefined, initramfs: undefined };
const PI = { table: "mbr", loaders: ["raspberrypi"] };
const FAT = { ...BOOT, type: "boot" };

Deno.test("disks that go together are taken", () => {
  assertEquals(faults({}), []);
  assertEquals(faults({}, [DATA, ROOT, BOOT]), []);
  assertEquals(faults(IDLE, many(128)), []);
  assertEquals(faults({ ...IDLE, table: "mbr" }, many(4)), []);
  assertEquals(faults({ loaders: ["syslinux"] }, [{ ...FAT, flags: ["boot"] }, ROOT]), []);
  assertEquals(faults(PI, [FAT, ROOT]), []);
  assertEquals(faults(PI, [{ ...FAT, type: "0x0C" }, ROOT]), []);
  const own = { ...DATA, content: { ...ROOT.content, tree: "data" } };
  assertEquals(faults({}, [BOOT, ROOT, own]), []);
  const short = { partitions: undefined, boot: { free: "1MiB" }, root: { size: "64MiB" } };
  assertEquals(faults(short, undefined), []);
});

Deno.test("sizes that a format or a table has no numbers for are told before anything is made", () => {
  const sized = (kind: string, room: object, more: object[] = []) => [
    { name: "a", type: "linux", content: { kind }, ...room },
    ...more,
  ];
  const told = (table: string, partitions: object[]) => faults({ ...IDLE, table }, partitions);
  const one = (kind: string, room: object) => told("gpt", sized(kind, room));
  assertEquals(one("fat", { size: "2047GiB" }), []);
  assertEquals(one("fat", { size: "2097151MiB" }), []);
  assertEquals(one("ext4", { size: "8TiB" }), []);
  assertEquals(one("empty", { size: "8190TiB" }), []);
  const fat = "must be less than 2TiB for fat", ext4 = "must be at most 8TiB for ext4";
  assertEquals(one("fat", { size: "2TiB" }), [`partitions.0.size: ${fat}`]);
  assertEquals(one("fat", { free: "10TiB" }), [`partitions.0.free: ${fat}`]);
  assertEquals(one("ext4", { size: "9TiB" }), [`partitions.0.size: ${ext4}`]);
  assertEquals(one("ext4", { free: "8191TiB" }), [`partitions.0.free: ${ext4}`]);
  const next = { name: "b", type: "linux", content: { kind: "empty" }, size: "1TiB" };
  const late = (end: number, table: string) =>
    `must end within ${end}TiB, with all before it, for the table ${table}`;
  assertEquals(told("mbr", sized("ext4", { free: "1TiB" }, [next])), [
    `partitions.1.size: ${late(2, "mbr")}`,
  ]);
  assertEquals(told("mbr", sized("empty", { size: "2TiB" })), [
    `partitions.0.size: ${late(2, "mbr")}`,
  ]);
  assertEquals(told("gpt", sized("empty", { size: "8191TiB" }, [next])), [
    `partitions.1.size: ${late(8192, "gpt")}`,
  ]);
  const short = { partitions: undefined, table: "mbr", root: { size: "1MiB" } };
  assertEquals(faults({ ...short, boot: { size: "10TiB" } }, undefined), [`boot.size: ${fat}`]);
});

Deno.test("a folder that is none is told by what one is", () => {
  const folder = (text: string) =>
    faults(IDLE, [{ ...DATA, content: { kind: "ext4", label: "d", folder: text } }]);
  const at = "partitions.0.content.folder";
  assertEquals(folder("/"), []);
  assertEquals(folder("/srv"), []);
  assertEquals(folder("srv"), [`${at}: must start with /; / is all of the tree`]);
  assertEquals(folder("/srv/"), [
    `${at}: must be a plain path: no "..", ".", "//", trailing "/" or control characters`,
  ]);
});

Deno.test("a disk that cannot be is told in one message, at its field", () => {
  const at = (partition: object, change: object) => [BOOT, { ...partition, ...change }];
  const cases: readonly [fields: object, partitions: object[] | undefined, fault: string][] = [
    [{ partitions: undefined }, undefined, 'partitions: is needed, or "boot" and "root"'],
    [{ partitions: undefined, boot: { free: "1MiB" } }, undefined, 'root: is needed beside "boot"'],
    [{ root: { free: "1MiB" } }, [BOOT, ROOT], 'root: must not stand beside "partitions"'],
    [{ ...IDLE, table: "mbr" }, many(5), "partitions: must be at most 4 for the table mbr"],
    [IDLE, many(129), "partitions: must be at most 128 for the table gpt"],
    [
      {},
      [BOOT, ROOT, { ...DATA, name: "root", content: { ...DATA.content, label: "d" } }],
      "partitions.2.name: must be another than of one before",
    ],
    [
      {},
      at(ROOT, { name: "x".repeat(37), content: { ...ROOT.content, label: "x" } }),
      "partitions.1.name: must be 1 to 36 letters, digits, _, ., + and -, as a GPT has room for",
    ],
    [
      {},
      [BOOT, ROOT, { ...DATA, content: { ...DATA.content, label: "root" } }],
      'partitions.2.content: must have another label than partition "root", "root"',
    ],
    [
      {},
      at(ROOT, { name: "a-name-too-long-for-a-label" }),
      'partitions.1.content: needs a "label": the name of the partition is none',
    ],
    [
      {},
      [BOOT, ROOT, { ...DATA, content: ROOT.content }],
      'partitions.2.content.folder: must be another than of partition "root", "/"',
    ],
    [
      {},
      [BOOT, ROOT, { ...DATA, content: { ...DATA.content, folder: "/", tree: "root" } }],
      'partitions.2.content.folder: must be another than of partition "root", "/"',
    ],
    [
      {},
      [BOOT, ROOT, { ...DATA, content: { kind: "ext4", tree: "data" } }],
      'partitions.2.content.folder: is needed beside "tree"',
    ],
    [
      {},
      [BOOT, ROOT, { ...DATA, content: { kind: "fat", tree: "data" } }],
      'partitions.2.content.folder: is needed beside "tree"',
    ],
    [
      {},
      [BOOT, ROOT, { ...DATA, content: { kind: "raw", tree: "data", base64: "AA==" } }],
      'partitions.2.content.file: is needed beside "tree"',
    ],
    [
      {},
      [{ ...BOOT, content: { ...BOOT.content, tree: "data" } }, ROOT],
      "loaders: must have a FAT partition that holds /boot",
    ],
    [{}, at(ROOT, { size: "4MiB" }), 'partitions.1: needs one of "free" and "size"'],
    [{}, at(ROOT, { free: undefined }), 'partitions.1: needs one of "free" and "size"'],
    [
      {},
      at(ROOT, { free: undefined, size: "5KiB" }),
      "partitions.1.size: must be a multiple of 4KiB and more than 0B",
    ],
    [{}, at(ROOT, { free: "999999999TiB" }), "partitions.1.free: must be less than 8192TiB"],
    [
      {},
      at(ROOT, { align: "3MiB" }),
      "partitions.1.align: must be a power of two from 4KiB to 1GiB",
    ],
    [
      {},
      at(ROOT, { align: "2GiB" }),
      "partitions.1.align: must be a power of two from 4KiB to 1GiB",
    ],
    [
      {},
      at(ROOT, { type: "0x83" }),
      "partitions.1.type: must be a name or a GUID, for the table gpt",
    ],
    [
      { ...IDLE, table: "mbr" },
      [{ ...ROOT, type: "0fc63daf-8483-4772-8e79-3d69d8477de4" }],
      'partitions.0.type: must be a name or a byte, such as "0x83", for the table mbr',
    ],
    [
      {},
      at(ROOT, { type: "esp" }),
      "partitions.1.content.kind: must be fat in an EFI system partition",
    ],
    [
      { ...IDLE, table: "mbr" },
      [{ ...ROOT, flags: ["grow"] }],
      "partitions.0.flags.0: must be boot for the table mbr",
    ],
    [{}, at(ROOT, { flags: ["grow", "grow"] }), "partitions.1.flags.1: must stand here once"],
    [
      IDLE,
      [{ ...ROOT, flags: ["boot"] }, { ...DATA, flags: ["boot"] }],
      'partitions.1.flags.0: must be on one partition: it is on "root"',
    ],
    [{ flavour: undefined }, [BOOT, ROOT], 'flavour: is needed beside "loaders"'],
    [{ initramfs: undefined }, [BOOT, ROOT], 'initramfs: is needed beside "loaders"'],
    [{ loaders: [] }, [BOOT, ROOT], 'loaders: is needed beside "flavour"'],
    [{ ...IDLE, cmdline: "quiet" }, [BOOT, ROOT], 'loaders: is needed beside "cmdline"'],
    [{}, [DATA], "loaders: must have a FAT partition that holds /boot"],
    [{}, [ROOT], "loaders: must have a FAT partition that holds /boot"],
    [
      { loaders: ["syslinux"] },
      [ROOT, { ...DATA, content: { kind: "ext4", folder: "/boot" } }],
      "loaders: must have a FAT partition that holds /boot",
    ],
    [{}, [FAT, ROOT], "partitions.0.type: must be esp for the loader systemd-boot"],
    [
      { loaders: ["syslinux"] },
      [FAT, { ...ROOT, flags: ["boot"] }],
      'partitions.1.flags: must not have boot: the loader syslinux is on partition "boot"',
    ],
    [{ ...PI, table: "gpt" }, [FAT, ROOT], "table: must be mbr for the loader raspberrypi"],
    [PI, [ROOT, FAT], "partitions.1: must be the first for the loader raspberrypi"],
    [PI, [BOOT, ROOT], "partitions.0.type: must be boot for the loader raspberrypi"],
    [
      PI,
      [{ ...FAT, content: { kind: "fat", folder: "/" } }],
      "partitions.0.content.folder: must be /boot for the loader raspberrypi",
    ],
  ];
  for (const [fields, partitions, fault] of cases) {
    assertEquals(faults(fields, partitions), [fault], JSON.stringify([fields, partitions]));
  }
});

Deno.test("a type is a name, a GUID or a byte that says what a partition is for", () => {
  const refused = ["", "efi", "0x0", "0x00", "0x05", "0x0f", "0xee", "0x100", "12", "toString"];
  for (const type of [...refused, "00000000-0000-0000-0000-000000000000"]) {
    const [fault, ...others] = faults(IDLE, [{ ...ROOT, type }]);
    assertEquals(fault?.startsWith("partitions.0.type: must be esp, boot, root,"), true, type);
    assertEquals(others, []);
  }
  const guid = "0FC63DAF-8483-4772-8E79-3D69D8477DE4";
  assertEquals(faults(IDLE, [{ ...ROOT, type: guid }]), []);
  assertEquals(faults({ ...IDLE, table: "mbr" }, [{ ...ROOT, type: "0x83" }]), []);
});
