import { manyHostsMissing } from "../support/fleet/many_hosts.ts";
import { named } from "../support/program/missing_programs.ts";
import { statusKeepsItsBounds } from "../support/fleet/status_bounds.ts";

Deno.test({
  ...named("the state of 20 hosts comes in time and in 200 MB", manyHostsMissing()),
  fn: () => statusKeepsItsBounds(20),
});
