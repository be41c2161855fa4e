import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import type { Runner } from "../../../lib/proc/command.ts";
import { checkPacked } from "../../../tasks/compile/check_packed.ts";
import { ARM_TOOLS, armKernel, armPrograms } from "../compile/arm_files.ts";
import { BareRoot } from "../compile/bare_root.ts";
import { programsMissing } from "../program/missing_programs.ts";

/** Runs acts of the smoke program and powers off. */
const INIT = `#!/bin/busybox sh
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t devtmpfs dev /dev
/bin/busybox ip link set lo up
export PATH=/usr/local/bin:/usr/bin:/bin HOME=/tmp LD_PRELOAD=/lib/libz.so.1
# The page size in kB, as the kernel counts.
/bin/busybox sed -n 's/^KernelPageSize: */PAGES /p;' /proc/self/smaps | /bin/busybox head -n 1
for act in self child serve worker runtime; do
  echo "ACT $act $(smoke $act 2>&1)"
done
echo "COMPILED $(compiled --version 2>&1 | head -n 1)"
/bin/busybox poweroff -f
`;

/**
 * A packed program works on a kernel with such pages, and without glibc: boots a Debian kernel for
 * aarch64 with a bare root that holds nothing but packed programs.
 */
export async function packedProgramWorks(runner: Runner, pages: "4K" | "16K"): Promise<void> {
  using root = await BareRoot.open(runner, "aarch64");
  const { smoke, compiled } = await armPrograms(runner);
  await root.install("smoke", smoke);
  // With appended data: Deno aligns those to 4096 bytes, which larger pages do not forgive.
  const appended = await compiled();
  if (!checkPacked(appended).hasPayload) throw new Error("deno compile appended nothing");
  await root.install("compiled", appended);
  await Deno.writeTextFile(join(root.path, "init"), INIT);
  await Deno.chmod(join(root.path, "init"), 0o755);
  const work = await Deno.makeTempDir();
  try {
    const initramfs = join(work, "initramfs");
    const script = 'find . | cpio -o -H newc -R 0:0 --quiet > "$1"';
    await runner.run({ argv: ["sh", "-ec", script, "sh", initramfs], cwd: root.path });
    const { stdout } = await runner.run({
      argv: [
        ...["qemu-system-aarch64", "-M", "virt", "-cpu", "max", "-accel", "tcg"] as const,
        ...["-m", "2048", "-smp", "2", "-nodefaults", "-nographic", "-no-reboot"],
        ...["-serial", "stdio", "-kernel", await armKernel(runner, pages), "-initrd", initramfs],
        ...["-append", "console=ttyAMA0 quiet panic=-1"],
      ],
    }, { signal: AbortSignal.timeout(300_000) });
    const console = new TextDecoder().decode(stdout).replaceAll("\r", "");
    assertEquals(/^PAGES (.*)$/m.exec(console)?.[1], pages.replace("K", " kB"), console);
    const told = (act: string) =>
      JSON.parse(new RegExp(`^ACT ${act} (.*)$`, "m").exec(console)?.[1] ?? `"${act} is missing"`);
    assertEquals(told("self").exe, "/usr/local/bin/smoke", console);
    assertEquals(told("self").comm, "smoke");
    const held = told("self").files.filter((f: string) => f.includes("memfd"));
    assertEquals(held, ["/memfd:script (deleted)"]);
    assertMatch(console, /^COMPILED deno \d/m);
    assertEquals(told("serve"), ["served", "served"], console);
    assertEquals(told("worker"), 42, console);
    assertEquals(told("child").hasGlibc, false, console);
    assertStringIncludes(told("child").busybox, "BusyBox");
    assertEquals(told("runtime").caught, "RangeError", console);
  } finally {
    await Deno.remove(work, { recursive: true });
  }
}

/** Why that cannot be tried here, or undefined. */
export function armBootMissing(runner: Runner): string | undefined {
  return programsMissing(runner, ...ARM_TOOLS, "qemu-system-aarch64", "cpio") ??
    (Deno.uid() === 0 ? undefined : "needs root, for the owners in an Alpine root");
}
