import type { AnyContent } from "./content.ts";
import { foldersOf, holderOf } from "./trees.ts";

/** Where packages put kernels, without their flavour. */
export const KERNEL = "boot/vmlinuz-";

/** The number of the partition that holds /boot of the disk's tree, whatever lies in it, or -1. */
export function bootNumber(partitions: readonly { readonly content: AnyContent }[]): number {
  const folders = partitions.flatMap(({ content }) => foldersOf(content, undefined));
  const holder = holderOf(folders, KERNEL);
  return holder === undefined
    ? -1
    : partitions.findIndex(({ content }) => foldersOf(content, undefined).includes(holder));
}
