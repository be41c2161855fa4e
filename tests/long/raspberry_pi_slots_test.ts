/**
 * Slots of a Raspberry Pi in QEMU's machine `virt`. It has no such firmware: the test reads autoboot.txt as the
 * documentation says, starts what that partition holds, and tells its number in the device tree.
 */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { denoRunner } from "../../lib/proc/deno_runner.ts";
import { startedPartition } from "../support/build/firmware_choice.ts";
import { labMissing } from "../support/build/lab_system.ts";
import { ASKED, buildTryboot } from "../support/build/tryboot_system.ts";
import { toldPartition } from "../support/machine/device_tree.ts";
import { PATIENCE } from "../support/machine/test_machine.ts";
import { tempFolder } from "../support/program/file_sink.ts";
import { named, programsMissing } from "../support/program/missing_programs.ts";

const runner = denoRunner();
const missing = labMissing("aarch64") ??
  programsMissing(
    runner,
    "qemu-system-aarch64",
    "mcopy",
    "sfdisk",
    "fsck.fat",
    "ssh-keygen",
    "tar",
  );
const QEMU = ["qemu-system-aarch64", "-cpu", "cortex-a72", "-m", "512", "-nodefaults"] as const;

/** Copies a file of a partition, counted from 1. */
async function fromPartition(image: string, number: number, name: string): Promise<string> {
  const { stdout } = await runner.run({ argv: ["sfdisk", "-J", image] });
  const { start } =
    JSON.parse(new TextDecoder().decode(stdout)).partitiontable.partitions[number - 1];
  const path = `${image}.${number}.${name}`;
  const from = ["-n", "-o", "-i", `${image}@@${start * 512}`, `::${name}`];
  await runner.run({ argv: ["mcopy", ...from, path] });
  return path;
}

/** Starts a machine as the firmware would. @returns the partition, and what its console said */
async function start(image: string, update: string, flag: boolean): Promise<[number, string]> {
  const partition = startedPartition(
    Deno.readTextFileSync(await fromPartition(image, 1, "autoboot.txt")),
    flag,
  )!;
  const file = (name: string) => fromPartition(image, partition, name);
  const config = Deno.readTextFileSync(await file("config.txt"));
  const [, kernel, initramfs] = /^kernel=(\S+)\ninitramfs (\S+) followkernel$/m.exec(config)!;
  const line = Deno.readTextFileSync(await file("cmdline.txt")).trim();
  const tree = `${image}.dtb`;
  await runner.run({ argv: [...QEMU, "-M", `virt,dumpdtb=${tree}`] });
  Deno.writeFileSync(tree, toldPartition(Deno.readFileSync(tree), partition));
  const drive = (
    file: string,
    options = "",
  ) => ["-drive", `if=virtio,format=raw,file=${file}${options}`];
  await using machine = runner.spawn({
    argv: [
      ...[...QEMU, "-M", "virt", "-dtb", tree, "-display", "none", "-no-reboot"],
      ...["-kernel", await file(kernel!), "-initrd", await file(initramfs!)],
      ...["-append", line.replace("serial0", "ttyAMA0"), "-serial", "stdio"],
      ...drive(image),
      ...drive(update, ",readonly=on"),
    ] as [string, ...string[]],
  });
  const late = setTimeout(() => machine.kill("SIGTERM"), 240_000 * PATIENCE);
  let text = "";
  const decoder = new TextDecoder();
  for await (const chunk of machine.stdout) text += decoder.decode(chunk, { stream: true });
  clearTimeout(late);
  return [partition, text.replaceAll("\r", "")];
}

Deno.test({
  ...named("a Raspberry Pi's new slot is tried when it is asked for, and stays", missing),
  async fn() {
    using folder = tempFolder();
    const { image, update } = await buildTryboot(folder.path);
    await runner.run({ argv: ["fsck.fat", "-n", join(folder.path, "boot.fat")] });
    const [first, asks] = await start(image, update, false);
    assertEquals(first, 2, asks);
    assertStringIncludes(asks, "version first\na: good, running, next\nb: empty\n");
    assertStringIncludes(asks, ASKED);
    // A start without the flag, as after a power cut, is the good slot's.
    const text = Deno.readTextFileSync(await fromPartition(image, 1, "autoboot.txt"));
    assertEquals([false, true].map((flag) => startedPartition(text, flag)), [2, 3]);
    const [second, tried] = await start(image, update, true);
    assertEquals(second, 3, tried);
    assertMatch(tried, /version next\na: good\nb: good, running, next\n/);
    const [third, stays] = await start(image, update, false);
    assertEquals(third, 3, stays);
    assertMatch(stays, /version next\na: good\nb: good, running, next\n/);
  },
});
