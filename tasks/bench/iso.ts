import { fromFileUrl, join } from "@std/path";
import type { Env } from "../../lib/env.ts";
import { fileState, listDir, removeTree, tempDir } from "../../lib/files/files.ts";
import { writeBlob } from "../../tests/bench/iso_blob.ts";
import { lab } from "../lab/table.ts";
import { denoFolder } from "./image.ts";
import { createMeter } from "./measure.ts";
import { inSequence, type Sample, type Section } from "./report.ts";

const OURS = fromFileUrl(new URL("../../tests/bench/iso_blob.ts", import.meta.url));
const CONFIG = fromFileUrl(new URL("../../deno.json", import.meta.url));
const TITLE = "A kernel, its modules and an initramfs to a medium that UEFI starts";
const PACKAGE = /^linux-lts-.*\.apk$/;
const TOOLS = ["xorriso", "mkfs.fat", "mmd", "mcopy", "tar", "taskset"];
const PEER = "mkfs.fat, mcopy, xorriso -as mkisofs";
const OWN = "tower-build's writer";
const KERNEL = "boot/vmlinuz-virt";
const INITRAMFS = "boot/initramfs-virt";
const LOADER = "usr/lib/systemd/boot/efi/systemd-bootx64.efi";
const INITRAMFS_SIZE = 30 << 20;

/** Our medium beside one that xorriso makes, with an EFI system partition of mtools. */
export async function isoSection(env: Env, runs: number): Promise<Section> {
  const repository = join(env.cacheDir, lab.folder, "x86_64");
  const name = listDir(repository).find((name) => PACKAGE.test(name));
  const missing = TOOLS.filter((tool) => !env.runner.which(tool));
  if (name === undefined || missing.length > 0) {
    const reason = name === undefined
      ? "no lab repository is here (deno task lab)"
      : `${missing.join(", ")} missing`;
    return { title: TITLE, notes: [`not measured: ${reason}`], rows: [] };
  }
  using temporary = tempDir();
  const at = (name: string) => join(temporary.path, name);
  const tree = at("tree");
  Deno.mkdirSync(tree);
  await env.runner.run({
    argv: ["tar", "-xzf", join(repository, name), "-C", tree, "lib/modules", "boot"],
  });
  addBootFiles(tree);
  Deno.writeTextFileSync(at("list"), JSON.stringify(writeBlob(tree, at("blob"))));
  const meter = createMeter(env.runner, temporary.path);
  const variables = { DENO_DIR: denoFolder(env), SOURCE_DATE_EPOCH: "1700000000" };
  const measure = async (...argv: readonly string[]) =>
    (await meter.measure({ argv: ["taskset", "-c", "0,1", ...argv], variables })).sample;
  const options = ["run", "--allow-all", "--config", CONFIG, OURS];
  const samples: Record<string, Sample[]> = { [PEER]: [], [OWN]: [] };
  for (let run = 0; run < runs; run++) {
    for (const file of ["theirs.iso", "esp.img", "ours.iso"]) removeTree(at(file));
    await meter.settle();
    samples[PEER]!.push(await byPrograms(measure, tree, at("esp.img"), at("theirs.iso")));
    await meter.settle();
    samples[OWN]!.push(
      await measure(Deno.execPath(), ...options, at("blob"), at("list"), at("ours.iso")),
    );
  }
  const sizes = ["theirs.iso", "ours.iso"].map((file) => fileState(at(file))!.size / 1e6);
  return {
    title: TITLE,
    notes: [
      `the modules of ${name} and 30 MiB, in the page cache; ${runs} runs in turn`,
      "xorriso takes files of a folder, ours ranges of a blob, as a build has them in its store",
      `${sizes.map((size) => size.toFixed(1)).join(" MB and ")} MB`,
      "xorriso with -stdio_sync off: it else flushes to the disk as it writes, which ours does not",
      ...meter.missing,
    ],
    rows: [{ name: PEER, samples: samples[PEER]! }, {
      name: OWN,
      samples: samples[OWN]!,
      peer: PEER,
    }],
  };
}

/** What starts is a few words of text, of which a medium of either kind has as many bytes. */
function addBootFiles(tree: string): void {
  const kernel = listDir(join(tree, "boot")).find((name) => name.startsWith("vmlinuz-"))!;
  Deno.renameSync(join(tree, "boot", kernel), join(tree, KERNEL));
  const noise = Uint8Array.from({ length: INITRAMFS_SIZE }, (_, i) => i * 7 + (i >> 8));
  Deno.writeFileSync(join(tree, INITRAMFS), noise);
  Deno.mkdirSync(join(tree, LOADER, ".."), { recursive: true });
  Deno.writeTextFileSync(join(tree, LOADER), "no boot loader");
}

/** The programs that make such a medium now, one after the other. */
async function byPrograms(
  measure: (...argv: readonly string[]) => Promise<Sample>,
  tree: string,
  esp: string,
  iso: string,
): Promise<Sample> {
  const parts = [KERNEL, INITRAMFS, LOADER].map((path) => join(tree, path));
  const bytes = parts.reduce((sum, path) => sum + Deno.statSync(path).size, 0);
  const kibibytes = (Math.ceil(bytes / 2 ** 20) + 2) * 1024;
  return inSequence([
    await measure("mkfs.fat", "-C", esp, String(kibibytes)),
    await measure("mmd", "-i", esp, "::/EFI", "::/EFI/BOOT", "::/boot"),
    await measure("mcopy", "-i", esp, parts[0]!, parts[1]!, "::/boot/"),
    await measure("mcopy", "-i", esp, parts[2]!, "::/EFI/BOOT/BOOTX64.EFI"),
    await measure(
      ...[
        "xorriso",
        "-stdio_sync",
        "off",
        "-as",
        "mkisofs",
        "-quiet",
        "-o",
        iso,
        "-volid",
        "TOWER",
      ],
      ...["-R", "-append_partition", "2", "0xef", esp, "-appended_part_as_gpt"],
      ...["-e", "--interval:appended_partition_2:all::", "-no-emul-boot", tree],
    ),
  ]);
}
