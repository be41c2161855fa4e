import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import type { Arch } from "../../lib/brand.ts";
import { denoRunner } from "../../lib/proc/deno_runner.ts";
import { buildHost } from "../support/build/host_system.ts";
import { labMissing } from "../support/build/lab_system.ts";

const runner = denoRunner();

/** A model that QEMU has, and what its firmware would choose for it. */
interface Board {
  readonly arch: Arch;
  readonly program: string;
  readonly machine: string;
  readonly deviceTree: string;
  /** What the firmware puts in place of serial0; the port's number among QEMU's. */
  readonly console: string;
  readonly port: number;
}

const BOARDS: readonly Board[] = [
  {
    arch: "aarch64",
    program: "qemu-system-aarch64",
    machine: "raspi3b",
    deviceTree: "bcm2837-rpi-3-b.dtb",
    // The other port is for Bluetooth on this model.
    console: "ttyS1",
    port: 1,
  },
  {
    arch: "armv7",
    program: "qemu-system-arm",
    machine: "raspi2b",
    deviceTree: "bcm2836-rpi-2-b.dtb",
    console: "ttyAMA0",
    port: 0,
  },
];

for (const board of BOARDS) {
  const missing = labMissing(board.arch) ??
    [board.program, "mcopy"].filter((t) => !runner.which(t)).map((t) => `needs ${t}`)[0];
  Deno.test({
    name: `host for ${board.arch}: what the boot partition says starts QEMU's ` +
      `${board.machine} from its card, up to the first boot` +
      (missing ? ` (skipped: ${missing})` : ""),
    ignore: missing !== undefined,
    fn: () => startFromCard(board),
  });
}

async function startFromCard(board: Board): Promise<void> {
  const folder = Deno.makeTempDirSync({ prefix: "tower-test-" });
  try {
    const image = await buildHost(folder, board.arch);
    // QEMU's card has a size that is a power of two.
    Deno.truncateSync(image, 2 ** Math.ceil(Math.log2(Deno.statSync(image).size)));
    const text = await startAsFirmware(board, image, folder);
    assertMatch(text, /Run \/init as init process/);
    assertMatch(text, /mmcblk0p2\): mounted filesystem/);
    // The root's own services run: this is the first boot's word.
    assertStringIncludes(text, "the file tower.env on its boot partition is missing");
    assert(!text.includes("Kernel panic"));
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

/** Does what the firmware does: reads config.txt and starts what it names. */
async function startAsFirmware(board: Board, image: string, folder: string): Promise<string> {
  const onVolume = async (name: string): Promise<string> => {
    const path = join(folder, name);
    await runner.run({ argv: ["mcopy", "-i", `${image}@@1M`, `::${name}`, path] });
    return path;
  };
  const config = Deno.readTextFileSync(await onVolume("config.txt"));
  assertMatch(config, new RegExp(`^arm_64bit=${board.arch === "aarch64" ? 1 : 0}$`, "m"));
  assertMatch(config, /^include usercfg\.txt$/m);
  await onVolume("usercfg.txt");
  for (const name of ["bootcode.bin", "start.elf", "fixup.dat", "start4.elf", "fixup4.dat"]) {
    assert(Deno.statSync(await onVolume(name)).size > 1000, name);
  }
  const kernel = /^kernel=(\S+)$/m.exec(config)![1]!;
  const initramfs = /^initramfs (\S+) followkernel$/m.exec(config)![1]!;
  const commandLine = Deno.readTextFileSync(await onVolume("cmdline.txt"));
  assertEquals(commandLine.split("\n").length, 2, "one line");
  const argv: [string, ...string[]] = [
    board.program,
    ...["-M", board.machine, "-nodefaults", "-accel", "tcg", "-display", "none", "-no-reboot"],
    ...["-kernel", await onVolume(kernel), "-initrd", await onVolume(initramfs)],
    ...["-dtb", await onVolume(board.deviceTree)],
    "-append",
    commandLine.trim().replace("serial0", board.console).replace(" quiet", ""),
    ...["-drive", `if=sd,file=${image},format=raw`],
    ...[0, 1].flatMap((port) => ["-serial", port === board.port ? "stdio" : "null"]),
  ];
  await using machine = runner.spawn({ argv });
  const decoder = new TextDecoder();
  let text = "";
  const late = setTimeout(() => machine.kill("SIGTERM"), 240_000);
  for await (const chunk of machine.stdout) {
    text += decoder.decode(chunk, { stream: true });
    if (text.includes("boot partition is missing")) break;
  }
  clearTimeout(late);
  return text;
}
