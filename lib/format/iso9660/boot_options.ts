import type { Uuid } from "../uuid.ts";

/** What starts a machine from a medium, be it a CD or a disk. */
export interface BootOptions {
  readonly bios?: {
    /** Path in the tree of isolinux.bin. */
    readonly loader: string;
    /** Code for the first sector of a disk (isohdpfx.bin), which starts that loader. */
    readonly diskCode: Uint8Array;
  };
  /** The EFI system partition, which the caller writes behind the files. */
  readonly esp?: {
    /** Bytes. */
    readonly size: number;
    /** Files of the tree that lie in it: by path, the offset of their bytes, whole sectors. */
    readonly shared: ReadonlyMap<string, number>;
  };
  /** Of the partition table. */
  readonly diskId: Uuid;
  readonly isoPartition: Uuid;
  readonly espPartition: Uuid;
}
