import { assertEquals, assertThrows } from "@std/assert";
import { TowerError } from "../errors.ts";
import { describeDevice, newDisks, parseDevices, refusals } from "./devices.ts";

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
  const cases: [Record<string, unknown>, string][] = [
    [{ children: [part({ mountpoints: ["/mnt"] })] }, "/dev/sda1 is in use as /mnt"],
    [{ children: [part({ mountpoints: ["[SWAP]"] })] }, "/dev/sda1 is in use as [SWAP]"],
    [{ mountpoints: ["/media"] }, "/dev/sda is in use as /media"],
    [
      { children: [part({ children: [crypt] })] },
      "the running system is on it; /dev/mapper/root (crypt) is open on it",
    ],
    [{ type: "part" }, "it is a part, not a whole disk"],
    [{ ro: true }, "it is write-protected"],
    [{ size: "100000000" }, "it has 95.4 MiB, the image 286 MiB"],
    [{ rm: "0", hotplug: "0" }, "it is built in, not removable"],
  ];
  for (const [more, reason] of cases) {
    assertEquals(refusals(device(more), NEEDS).join("; "), reason);
  }
  assertEquals(refusals(device({ rm: false, hotplug: false }), { ...NEEDS, allowFixed: true }), []);
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
