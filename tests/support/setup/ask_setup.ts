/** Asks what `tower setup` asks, of a machine with made-up disks; prints what was answered as JSON. */
import { askSetup } from "../../../cli/ask_setup.ts";
import { realEnv } from "../../../lib/env.ts";
import { canonicalJson } from "../../../lib/json.ts";
import { runToEnd } from "../../../lib/program/run_to_end.ts";
import { madeUpDisks } from "./made_up_disks.ts";

const [share = "", answers] = Deno.args;
let looks = 0;
const code = await runToEnd({ ...realEnv(), share }, async (env) => {
  const wish = await askSetup({
    ...{ answers, isDryRun: true, salt: "salt" },
    disks: () => Promise.resolve(madeUpDisks(looks++)),
  }, env);
  env.stdout.write(`${canonicalJson(wish, 2)}\n`);
});
Deno.exit(code);
