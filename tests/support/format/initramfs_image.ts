import { inOneBreath } from "../../../lib/breathe.ts";
import { join } from "@std/path";
import type { PartName } from "../../../build/stages/initramfs/parts.ts";
import { initramfs } from "../../../build/stages/initramfs.ts";
import { kernel } from "../../../build/stages/kernel.ts";
import type { StageContext } from "../../../build/stages/stage.ts";
import type { Runner } from "../../../lib/proc/command.ts";
import { NO_SIGNER } from "../../../lib/secure_boot/efi_signer.ts";
import { silent } from "../../../lib/report/event.ts";
import { bytesOf } from "../../../lib/tree/content.ts";
import type { ContentReader } from "../../../lib/tree/entry.ts";
import type { FileTree } from "../../../lib/tree/file_tree.ts";
import { debianDependency, debianFolder } from "../build/debian_files.ts";
import { folderTree } from "../tree/folder_tree.ts";
import { contentMaker } from "../tree/make_content.ts";
import { noCompressor, noTree } from "../tree/stage_context.ts";
import { makeAnew } from "../tree/make_anew.ts";
import { MemoryStore } from "../tree/memory_store.ts";

/** An initramfs that the stages made, and what it was made from. */
export interface InitramfsImage {
  readonly bytes: Uint8Array;
  /** The archive's tree is not kept: tests unpack the bytes with the real cpio. */
  readonly source: FileTree;
  readonly reader: ContentReader;
  readonly release: string;
  /** The kernel's image on the machine. */
  readonly kernel: string;
}

export interface ImageOptions {
  readonly modules: readonly string[];
  readonly files?: readonly string[];
  readonly compression?: "zstd" | "gzip" | "none";
  readonly parts?: readonly PartName[];
  readonly emergencyShell?: boolean;
  /** Folders with busybox; Debian's static one by default. */
  readonly userland?: readonly string[];
}

/** Runs the stages `kernel` and `initramfs` over Debian's cloud kernel and a busybox. */
export async function initramfsImage(
  runner: Runner,
  options: ImageOptions,
): Promise<InitramfsImage> {
  const name = await debianDependency(runner, "linux-image-cloud-amd64", /^linux-image-\d/);
  const release = name.slice("linux-image-".length);
  const folder = await debianFolder(runner, name);
  const userland = options.userland ?? [await debianFolder(runner, "busybox-static")];
  const { tree, reader: files } = folderTree(folder, ...userland);
  const image = `boot/vmlinuz-${release}`;
  tree.put({ ...tree.get(image)!, path: "boot/vmlinuz-virt" });
  const store = new MemoryStore();
  const reader: ContentReader = {
    open: (blob) => blob.startsWith("sha256:") ? store.open(blob) : files.open(blob),
  };
  const context: StageContext = {
    reader,
    blobs: store,
    content: contentMaker(store),
    blockCompressor: noCompressor,
    tree: noTree,
    arch: "x86_64",
    epoch: 0,
    reporter: silent,
    packages: [],
    sources: new Map(),
    onScript: () => {},
    zstd: "native",
    made: makeAnew,
    efiSigner: NO_SIGNER,
    breathe: inOneBreath,
  };
  const path = "boot/initramfs-virt";
  await kernel.apply(tree, { kind: "kernel", flavour: "virt" }, context);
  await initramfs.apply(tree, {
    kind: "initramfs",
    flavour: "virt",
    path,
    modules: [...options.modules],
    files: [...options.files ?? []],
    compression: options.compression,
    parts: [...options.parts ?? []],
    emergencyShell: options.emergencyShell ?? false,
  }, context);
  const bytes = bytesOf(reader, tree.file(path)!.content);
  return { bytes, source: tree, reader, release, kernel: join(folder, image) };
}
