import { assertEquals } from "@std/assert";
import { labMissing, shareLab } from "../support/build/lab_system.ts";
import { SharedProgram } from "../support/program/shared_program.ts";
import { buildTwice, twoMachinesMissing } from "../support/build/two_machines.ts";

const missing = labMissing("aarch64") ?? twoMachinesMissing();

Deno.test({
  name: "an image for aarch64, built twice on this machine by other users, is the same bytes" +
    (missing ? ` (skipped: ${missing})` : ""),
  ignore: missing !== undefined,
  async fn() {
    using program = await SharedProgram.make();
    const options = await shareLab(program, "aarch64");
    const [one, other] = await buildTwice(program, "lab", "--arch", "aarch64", ...options);
    assertEquals([one.record.arch, Object.hasOwn(one.files, "lab.img")], ["aarch64", true]);
    assertEquals(other, one);
  },
});
