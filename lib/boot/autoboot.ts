/**
 * Bytes of autoboot.txt, always as many: it is written in place. The firmware reads 512 at most (Raspberry Pi
 * documentation, "autoboot.txt").
 */
const BYTES = 256;

/**
 * What a Raspberry Pi's firmware reads of a disk's first partition as it is new: slot A is good, and starts
 * from partition 2; slot B is empty, so that a start to try it goes to A as well. tryboot.sh writes it on.
 */
export function firstAutoboot(): string {
  const lines = [
    ...["[all]", "tryboot_a_b=1", "boot_partition=2", "[tryboot]", "boot_partition=2"],
    ...["[none]", "# tower-slots 1", "# a good 0 0", "# b empty 0 0"],
  ];
  return lines.join("\n").padEnd(BYTES, "\n");
}
