import type { AnyContent } from "./content.ts";
import { holderOf } from "./trees.ts";

/** Where packages put kernels, without their flavour. */
export const KERNEL = "boot/vmlinuz-";

/** The number of the partition that holds the kernel, or -1. */
export function bootNumber(partitions: readonly { readonly content: AnyContent }[]): number {
  const folders = partitions.flatMap(({ content }) => content.folder ?? []);
  const holder = holderOf(folders, KERNEL);
  return holder === undefined
    ? -1
    : partitions.findIndex(({ content }) => content.folder === holder);
}
