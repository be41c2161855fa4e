import { denoRunner } from "../../lib/proc/deno_runner.ts";
import { armBootMissing, packedProgramWorks } from "../support/machine/arm_boot.ts";
import { named } from "../support/program/missing_programs.ts";

const runner = denoRunner();

Deno.test({
  ...named(
    "a packed aarch64 program works on a kernel with 16K pages and no glibc",
    armBootMissing(runner),
  ),
  fn: () => packedProgramWorks(runner, "16K"),
});
