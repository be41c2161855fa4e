/** A block device as lsblk(8) tells of it, with what is built on it. */
export interface BlockDevice {
  readonly path: string;
  /** As sysfs has it, such as `sda1` or `dm-0`. */
  readonly name: string;
  /** `major:minor`, by which the kernel calls it. */
  readonly number: string;
  readonly type: string;
  /** Bytes. */
  readonly size: number;
  readonly isRemovable: boolean;
  readonly isReadOnly: boolean;
  readonly model: string;
  readonly serial: string;
  readonly mountPoints: readonly string[];
  readonly children: readonly BlockDevice[];
}
