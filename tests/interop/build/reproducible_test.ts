import { assertEquals } from "@std/assert";
import { FULL_OUTPUTS, fullInputs } from "../../support/build/full_system.ts";
import { labMissing } from "../../support/build/lab_system.ts";
import { SharedProgram } from "../../support/program/shared_program.ts";
import { buildTwice, DIFFERENCES, twoMachinesMissing } from "../../support/build/two_machines.ts";

const missing = labMissing() ?? twoMachinesMissing();

Deno.test({
  name: `two builds with another ${DIFFERENCES} give the same bytes` +
    (missing ? ` (skipped: ${missing})` : ""),
  ignore: missing !== undefined,
  async fn() {
    using program = await SharedProgram.make();
    const { manifest, options } = await fullInputs(program);
    const [one, other] = await buildTwice(program, manifest, ...options);
    assertEquals(other, one);
    assertEquals(FULL_OUTPUTS.filter((name) => !Object.hasOwn(one.files, name)), []);
  },
});
