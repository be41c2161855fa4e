import { named } from "../support/program/missing_programs.ts";
import { hostIsReproducible, reproducibleHostMissing } from "../support/build/reproducible_host.ts";
import { DIFFERENCES } from "../support/build/two_machines.ts";

Deno.test({
  ...named(
    `the host image for aarch64, built with another ${DIFFERENCES}, is the same bytes`,
    reproducibleHostMissing("aarch64"),
  ),
  fn: () => hostIsReproducible("aarch64"),
});
