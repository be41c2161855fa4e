import { assertEquals, assertStringIncludes } from "@std/assert";
import { denoRunner } from "../../lib/proc/deno_runner.ts";
import { ARM_BOOT_TOOLS, bootArm } from "../support/arm_boot.ts";
import { ARM_TOOLS } from "../support/arm_files.ts";

const runner = denoRunner();
const missing = [...ARM_TOOLS, ...ARM_BOOT_TOOLS].filter((tool) => !runner.which(tool));
const skip = missing.length > 0
  ? `${missing.join(", ")} missing`
  : Deno.uid() !== 0
  ? "needs root, for the owners in an Alpine root"
  : undefined;

Deno.test({
  name: "a packed aarch64 program works on a kernel with 16K pages and no glibc" +
    (skip === undefined ? "" : ` (skipped: ${skip})`),
  ignore: skip !== undefined,
  async fn() {
    const { pages, acts, console } = await bootArm(runner, "16K");
    assertEquals(pages, "16 kB", console);
    const told = (act: string) => JSON.parse(acts.get(act) ?? `"${act} is missing"`);
    assertEquals(told("self").exe, "/usr/local/bin/deno", console);
    assertEquals(told("self").comm, "deno");
    assertEquals(told("self").files.filter((f: string) => f.includes("memfd")), []);
    assertEquals(told("serve"), ["served", "served"], console);
    assertEquals(told("worker"), 42, console);
    assertEquals(told("child").hasGlibc, false, console);
    assertStringIncludes(told("child").busybox, "BusyBox");
    assertEquals(told("runtime").caught, "RangeError", console);
  },
});
