import { assertEquals, assertThrows } from "@std/assert";
import { TowerError } from "../errors.ts";
import { inlineOnly, smallTree } from "../../tests/support/tree/small_tree.ts";
import { findKernel } from "./kernel_image.ts";

Deno.test("Alpine's kernel.release tells the release of a flavour among several", () => {
  const tree = smallTree({
    "boot/vmlinuz-virt": "",
    "boot/vmlinuz-lts": "",
    "usr/share/kernel/virt/kernel.release": "6.6.31-0-virt\n",
    "lib/modules/6.6.31-0-virt": null,
    "lib/modules/6.6.31-0-lts": null,
  });
  assertEquals(findKernel(tree, inlineOnly, "virt"), {
    release: "6.6.31-0-virt",
    image: "boot/vmlinuz-virt",
  });
});

Deno.test("without it the directory that ends in the flavour counts, then the only one", () => {
  const two = smallTree({
    "boot/vmlinuz-lts": "",
    "lib/modules/6.6-virt": null,
    "lib/modules/6.6-lts": null,
  });
  assertEquals(findKernel(two, inlineOnly, "lts").release, "6.6-lts");
  const one = smallTree({ "boot/vmlinuz-virt": "", "usr/lib/modules/6.1.0-cloud-amd64": null });
  assertEquals(findKernel(one, inlineOnly, "virt").release, "6.1.0-cloud-amd64");
});

Deno.test("a flavour that is not there is an error that lists those that are", () => {
  const tree = smallTree({ "boot/vmlinuz-lts": "", "boot/vmlinuz-rpi": "" });
  const error = assertThrows(() => findKernel(tree, inlineOnly, "virt"), TowerError);
  assertEquals(error.message, 'Cannot find kernel "virt": there is no "/boot/vmlinuz-virt"');
  assertEquals(error.hint, "There are lts, rpi");
});

Deno.test("a release that cannot be told, or is no release, is an error", () => {
  const two = smallTree({
    "boot/vmlinuz-virt": "",
    "lib/modules/6.1": null,
    "lib/modules/6.6": null,
  });
  assertThrows(
    () => findKernel(two, inlineOnly, "virt"),
    TowerError,
    'Cannot tell the release of kernel "virt": there are modules of 6.1, 6.6',
  );
  const hostile = smallTree({
    "boot/vmlinuz-virt": "",
    "usr/share/kernel/virt/kernel.release": "../../etc",
  });
  assertThrows(() => findKernel(hostile, inlineOnly, "virt"), TowerError, "is no release");
});
