/** Most bytes of autoboot.txt that the firmware reads. */
const MOST_BYTES = 512;

/**
 * The partition that a Raspberry Pi's firmware starts by autoboot.txt: the last boot_partition whose filter
 * passes, of which [all] always does, [tryboot] with the flag and [none] never (Raspberry Pi documentation,
 * "autoboot.txt", "Conditional filters"). Undefined where nothing says so, or without tryboot_a_b, by which
 * the flag chooses a partition and no other config.txt.
 */
export function startedPartition(text: string, tryboot: boolean): number | undefined {
  let passes = true, isByPartition = false, partition: number | undefined;
  for (const line of text.slice(0, MOST_BYTES).split("\n")) {
    const [, filter] = /^\[(.*)\]$/.exec(line) ?? [];
    if (filter !== undefined) passes = filter === "all" || (filter === "tryboot" && tryboot);
    else if (passes && line === "tryboot_a_b=1") isByPartition = true;
    else if (passes && line.startsWith("boot_partition=")) partition = Number(line.split("=")[1]);
  }
  return isByPartition ? partition : undefined;
}
