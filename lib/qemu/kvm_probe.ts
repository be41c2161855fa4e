import type { Runner } from "../proc/command.ts";
import { QEMU } from "./machine.ts";

/** The port that isa-debug-exit listens on: a byte V written there ends QEMU with 2V + 1. */
const EXIT_PORT = 0xf4;
/** The status that the probe's guest leaves with. */
const MARKER = 42;
const DEADLINE_MS = 10_000;

/**
 * Machine code of the probe's guest, loaded by the BIOS at 0x7c00. Real mode alone proves nothing:
 * a KVM was seen that runs a real-mode guest and hangs once paging is on. So it turns on paging
 * and long mode and works a little before it leaves.
 */
const PROBE_CODE = [
  "fa 31c0 8ed8 8ec0 bc0070", //                 cli; ds = es = 0; sp = 0x7000
  "66bf00100000 0f22df", //                      cr3 = 0x1000
  "6631c0 b9000c 66f3ab", //                     clear three page tables from there
  "66c706001003200000", //                       level 4 -> 0x2000
  "66c706002003300000", //                       level 3 -> 0x3000
  "66c706003083000000", //                       level 2: one page of 2 MiB at 0
  "0f20e0 6683c820 0f22e0", //                   cr4.PAE
  "66b9800000c0 0f32 660d00010000 0f30", //      EFER.LME
  "0f0116a87c", //                               lgdt [0x7ca8]
  "0f20c0 660d01000080 0f22c0", //               cr0.PE and cr0.PG
  "ea677c0800", //                               jump to 64-bit code at 0x7c67
  "b810000000 8ed8 8ed0", //                     ds = ss = data segment
  "bf00001000 b900000100 b05a f3aa", //          fill 64 KiB at 1 MiB
  "b9002d3101 ffc9 75fc", //                     count down from 20,000,000
  "b02a e6f4", //                                out EXIT_PORT, MARKER
  "f4 ebfd 6690", //                             halt for ever
  "0000000000000000", //                         segments: none,
  "00000000009a2000", //                         64-bit code,
  "0000000000920000", //                         data
  "1700 907c", //                                the table's limit and address (0x7c90)
].join("").replaceAll(" ", "");

/** A boot sector that ends QEMU with the marker if the processor really works. */
export function probeSector(): Uint8Array {
  const sector = new Uint8Array(512);
  sector.set(Uint8Array.fromHex(PROBE_CODE));
  sector.set([0x55, 0xaa], 510);
  return sector;
}

/**
 * Whether an accelerator runs a guest here: its marker must come back from inside within
 * 10 seconds. A device node /dev/kvm is no proof.
 *
 * @param sectorFile A file that holds {@linkcode probeSector}.
 */
export async function acceleratorWorks(
  runner: Runner,
  accelerator: "kvm" | "tcg",
  sectorFile: string,
): Promise<boolean> {
  try {
    await runner.run({
      argv: [
        QEMU,
        ...["-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"],
        ...["-machine", "pc", "-accel", accelerator, "-m", "16M"],
        ...["-device", `isa-debug-exit,iobase=${EXIT_PORT},iosize=1`],
        ...["-drive", `file=${sectorFile},format=raw,snapshot=on`],
      ],
      okCodes: [MARKER * 2 + 1],
    }, { signal: AbortSignal.timeout(DEADLINE_MS) });
    return true;
  } catch {
    return false;
  }
}
