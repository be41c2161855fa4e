import { assertEquals } from "@std/assert";
import { diskPlan } from "../../../tests/support/format/disk_plan.ts";
import { disk } from "../disk.ts";

Deno.test("a plan shows the partitions of a disk, a line for each", () => {
  const partitions = [
    { name: "boot", type: "esp", content: { kind: "fat", folder: "/boot" }, free: "16MiB" },
    {
      ...{ name: "root", type: "root", size: "1GiB", align: "4MiB", flags: ["grow", "read-only"] },
      content: { kind: "ext4", folder: "/", label: "system" },
    },
    { name: "data", type: "linux", content: { kind: "ext4" }, free: "0B" },
    { name: "blob", type: "data", content: { kind: "raw", file: "/etc/hostname", tree: "more" } },
  ];
  const last = {
    ...{ name: "zeros", type: "0fc63daf-8483-4772-8e79-000000000000" },
    ...{ content: { kind: "empty" }, size: "4KiB" },
  };
  const fields = { boot: undefined, root: undefined, partitions: [...partitions, last] };
  assertEquals(disk.details!(diskPlan(fields)), [
    "   name   type                                  content                         size",
    '1  boot   esp                                   fat "BOOT" of /boot             16.0 MiB free   boot',
    '2  root   root                                  ext4 "system" of /              1.00 GiB        read-only, grow, aligned to 4.00 MiB',
    '3  data   linux                                 ext4 "data", empty              0 B free',
    "4  blob   data                                  raw /etc/hostname of tree more  of its content",
    "5  zeros  0fc63daf-8483-4772-8e79-000000000000  empty                           4.00 KiB",
  ]);
  const pi = { table: "mbr", loaders: ["raspberrypi"] };
  assertEquals(disk.details!(diskPlan(pi, "aarch64")), [
    "   name  type            content              size",
    '1  boot  of its content  fat "BOOT" of /boot  1.00 MiB free',
    '2  root  0x83            ext4 "root" of /     4.00 MiB free',
  ]);
});
