import { assertEquals, assertThrows } from "@std/assert";
import { TowerError } from "../errors.ts";
import { RecordingRunner } from "../proc/recording_runner.ts";
import {
  describeDevice,
  isSameDevice,
  listDisks,
  newDisks,
  parseDevices,
  refusals,
} from "./devices.ts";

const device = (more: Record<string, unknown> = {}) =>
  parseDevices(JSON.stringify({
    blockdevices: [{
      path: "/dev/sda",
      kname: "sda",
      "maj:min": " 8:0  ",
      type: "disk",
      size: 8_000_000_000,
      rm: true,
      hotplug: true,
      ro: false,
      model: "Card Reader ",
      serial: null,
      mountpoints: [null],
      ...more,
    }],
  }))[0]!;
const NEEDS = { size: 300_000_000, allowFixed: false };
const part = (more: Record<string, unknown>) => ({
  path: "/dev/sda1",
  kname: "sda1",
  "maj:min": "8:1",
  type: "part",
  size: 1,
  rm: true,
  hotplug: true,
  ro: false,
  mountpoints: [],
  ...more,
});

Deno.test("a removable disk that nobody uses may be written", () => {
  assertEquals(refusals(device({ children: [part({})] }), NEEDS), []);
  assertEquals(describeDevice(device()), "/dev/sda (Card Reader, 7.45 GiB, serial unknown)");
});

Deno.test("C4: disks in use, of the running system, built in, protected or too small are refused", () => {
  const crypt = part({ path: "/dev/mapper/root", type: "crypt", mountpoints: ["/"] });
  // A volume group or array may be in use without a mount: by a virtual machine, or while it is mended.
  const lvm = part({ path: "/dev/mapper/vg-data", type: "lvm" });
  const raid = part({ path: "/dev/md0", type: "raid1" });
  const cases: [Record<string, unknown>, string][] = [
    [{ children: [part({ mountpoints: ["/mnt"] })] }, "/dev/sda1 is in use as /mnt"],
    [{ children: [part({ mountpoints: ["[SWAP]"] })] }, "/dev/sda1 is in use as [SWAP]"],
    [{ mountpoints: ["/media"] }, "/dev/sda is in use as /media"],
    [
      { children: [part({ children: [crypt] })] },
      "the running system is on it; /dev/mapper/root (crypt) is open on it",
    ],
    [
      { children: [part({ children: [lvm] })] },
      "/dev/mapper/vg-data (lvm) is open on it",
    ],
    [{ children: [raid] }, "/dev/md0 (raid1) is open on it"],
    [
      { children: [part({ children: [{ ...raid, mountpoints: ["/srv"] }] })] },
      "/dev/md0 is in use as /srv; /dev/md0 (raid1) is open on it",
    ],
    [{ users: ["swap is on it"] }, "swap is on it"],
    [{ type: "part" }, "it is a part, not a whole disk"],
    [{ ro: true }, "it is write-protected"],
    [{ size: "100000000" }, "it has 95.4 MiB, the image 286 MiB"],
    [{ rm: "0", hotplug: "0" }, "it is built in, not removable"],
  ];
  for (const [more, reason] of cases) {
    const { users, ...told } = more;
    const seen = { ...device(told), ...(users === undefined ? {} : { users: users as string[] }) };
    assertEquals(refusals(seen, NEEDS).join("; "), reason);
  }
  assertEquals(refusals(device({ rm: false, hotplug: false }), { ...NEEDS, allowFixed: true }), []);
});

Deno.test("a medium fits to the byte, by a loop device too, and one flag makes it removable", () => {
  const exact = { size: NEEDS.size };
  assertEquals(refusals(device(exact), NEEDS), []);
  assertEquals(refusals(device({ size: NEEDS.size - 1 }), NEEDS).length, 1);
  assertEquals(refusals(device({ type: "loop" }), NEEDS), []);
  assertEquals(refusals(device({ hotplug: false }), NEEDS), []);
  assertEquals(refusals(device({ rm: false }), NEEDS), []);
  assertEquals(refusals(device({ type: "" }), NEEDS), [
    "it is a thing of no type, not a whole disk",
  ]);
});

Deno.test("only whole disks that hold a medium are listed", async () => {
  const blockdevices = [
    part({ path: "/dev/sda", type: "disk" }),
    part({ path: "/dev/sdb", type: "disk", size: 0 }),
    part({ path: "/dev/loop0", type: "loop" }),
  ];
  const runner = new RecordingRunner({ lsblk: { stdout: JSON.stringify({ blockdevices }) } });
  assertEquals((await listDisks(runner)).map(({ path }) => path), ["/dev/sda"]);
});

Deno.test("a device is another one as soon as one thing of it is", () => {
  const one = { ...device({ serial: "S1" }), sequence: "7", users: [] };
  assertEquals(isSameDevice(one, { ...one, users: ["x"] }), true);
  for (
    const other of [
      { number: "8:16" },
      { size: 1 },
      { serial: "S2" },
      { model: "Other" },
      { sequence: "8" },
    ]
  ) assertEquals(isSameDevice(one, { ...one, ...other }), false, JSON.stringify(other));
});

Deno.test("an answer of lsblk that is none is refused", () => {
  for (const text of ["", "{}", '{"blockdevices":[{"path":"/etc/passwd"}]}']) {
    assertThrows(() => parseDevices(text), TowerError, "Cannot read what lsblk says");
  }
});

Deno.test("a card is new by its path, or by its size and number in the same reader", () => {
  const [a, b] = [device(), device({ path: "/dev/sdb" })];
  const other = device({ path: "/dev/sdb", size: 16_000_000_000 });
  assertEquals(newDisks([a], [a, b]), [b]);
  assertEquals(newDisks([a, b], [a, other]), [other]);
  assertEquals(newDisks([a, b], [a]), []);
});
