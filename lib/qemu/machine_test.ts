import { assert, assertEquals } from "@std/assert";
import { guestStatus, type MachineSpec, qemuArgv } from "./machine.ts";

const machine: MachineSpec = {
  arch: "x86_64",
  image: "a,b.img",
  snapshot: true,
  firmware: { kind: "bios" },
  accelerator: "tcg",
  memoryMiB: 256,
  processors: 1,
  network: { kind: "user", forwards: [{ host: 2222, guest: 22 }] },
  serial: { kind: "stdio" },
};

Deno.test("qemuArgv() doubles commas, so that a file name cannot set options", () => {
  const drive = qemuArgv(machine).find((a) => a.startsWith("file="));
  assert(drive?.startsWith("file=a,,b.img,format=raw"), drive);
});

Deno.test("qemuArgv() closes the network but for the forwards, on loopback only", () => {
  assert(qemuArgv(machine).includes("user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:2222-:22"));
  const lan = { network: "192.168.2.0/24", host: "192.168.2.100", guest: "192.168.2.200" };
  const forwards = [{ host: 2222, guest: 22 }];
  assert(
    qemuArgv({ ...machine, network: { kind: "user", forwards, lan } }).includes(
      "user,id=net,restrict=on,net=192.168.2.0/24,host=192.168.2.100," +
        "hostfwd=tcp:127.0.0.1:2222-192.168.2.200:22",
    ),
  );
  assert(!qemuArgv({ ...machine, network: { kind: "none" } }).some((a) => a.includes("net")));
});

Deno.test("qemuArgv() names the firmware for UEFI only", () => {
  assert(!qemuArgv(machine).includes("-bios"));
  assert(qemuArgv({ ...machine, firmware: { kind: "uefi", file: "/f" } }).includes("-bios"));
});

Deno.test("qemuArgv() gives a machine its image as a disk, a stick or a CD", () => {
  const device = (disk: MachineSpec["disk"]) =>
    qemuArgv({ ...machine, ...(disk ? { disk } : {}) }).find((a) => a.includes("drive=disk"));
  assertEquals(device(undefined), "virtio-blk-pci,drive=disk,bootindex=0");
  assertEquals(device("usb"), "usb-storage,drive=disk,removable=on,bootindex=0");
  assertEquals(device("cd"), "scsi-cd,drive=disk,bootindex=0");
});

Deno.test("guestStatus() takes the last number from 0 to 255 and nothing else", () => {
  assertEquals(["0\n", "3\r\n7\r\n", " 255 "].map(guestStatus), [0, 7, 255]);
  assertEquals(["", "256", "-1", "seven", "1e2"].map(guestStatus), Array(5).fill(undefined));
});

Deno.test("qemuArgv() gives the guest a second serial port only where its status is wanted", () => {
  const ports = (argv: readonly string[]) => argv.filter((a) => a === "-serial").length;
  assertEquals(ports(qemuArgv(machine)), 1);
  const asked = qemuArgv({ ...machine, statusFile: "/tmp/a,b" });
  assertEquals(ports(asked), 2);
  assert(asked.includes("file,id=status,path=/tmp/a,,b"));
});

Deno.test("qemuArgv() makes an Arm machine with the program for it", () => {
  const firmware = { kind: "uefi", file: "/f" } as const;
  const argv = qemuArgv({ ...machine, arch: "aarch64", firmware });
  assertEquals(argv[0], "qemu-system-aarch64");
  assert(argv.join(" ").includes("-machine virt -cpu cortex-a72 -accel tcg"), argv.join(" "));
});

Deno.test("qemuArgv() adds disks that a guest does not start from, each with its serial number", () => {
  const moreDisks = [{ image: "a,b.img", serial: "ONE" }];
  const argv = qemuArgv({ ...machine, moreDisks });
  assert(argv.includes("file=a,,b.img,format=raw,if=none,id=disk0,snapshot=on"));
  assert(argv.includes("virtio-blk-pci,drive=disk0,serial=ONE"));
  const logged = qemuArgv({ ...machine, writeLog: "l,og" });
  assert(
    logged.includes(
      "driver=blklogwrites,file.driver=file,file.filename=a,,b.img,log.driver=file,log.filename=l,,og," +
        "if=none,id=disk",
    ),
    logged.join(" "),
  );
});

Deno.test("qemuArgv() guards the flash of a firmware that keeps keys, and writes its variables alone", () => {
  const firmware = { kind: "secure-boot", code: "/c,d", variables: "/v" } as const;
  const argv = qemuArgv({ ...machine, firmware }).join(" ");
  assert(argv.includes("-machine q35") && argv.includes("-machine smm=on"), argv);
  assert(argv.includes("if=pflash,unit=0,format=raw,file=/c,,d,readonly=on"), argv);
  assert(argv.includes("if=pflash,unit=1,format=raw,file=/v"), argv);
  assert(!argv.includes("-bios"), argv);
  const arm = qemuArgv({ ...machine, arch: "aarch64", firmware }).join(" ");
  assert(arm.includes("if=pflash,unit=1,format=raw,file=/v") && !arm.includes("smm"), arm);
});
