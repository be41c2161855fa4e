import { manyHostsMissing } from "../support/many_hosts.ts";
import { named } from "../support/missing_programs.ts";
import { statusKeepsItsBounds } from "../support/status_bounds.ts";

Deno.test({
  ...named("the state of 200 hosts comes in time and in 200 MB", manyHostsMissing()),
  fn: () => statusKeepsItsBounds(200),
});
