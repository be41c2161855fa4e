import { assertEquals, assertStringIncludes } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { denoRunner } from "../../lib/proc/deno_runner.ts";
import { hostMissing } from "../support/build/host_system.ts";

const TASK = fromFileUrl(new URL("../../tasks/try_tower.ts", import.meta.url));
const missing = hostMissing();

Deno.test({
  name: "try-tower: three hosts come up, and who reaches whom is what the rules say" +
    (missing ? ` (skipped: ${missing})` : ""),
  ignore: missing !== undefined,
  async fn() {
    const argv = [Deno.execPath(), "run", "--allow-all", "--no-check", TASK] as const;
    const { stdout } = await denoRunner().run({
      argv: [...argv, "sh", "-c", "tower status --json; tower ssh vault hostname"],
      variables: Deno.env.toObject(),
    });
    const out = new TextDecoder().decode(stdout);
    assertEquals(out.match(/"status": "up"/g)?.length, 3, out);
    assertStringIncludes(out, "\nvault\n");
    assertEquals(
      out.match(/^ok {4}(thinclient|stranger|office|vault|router) to /gm)?.length,
      13,
      out,
    );
  },
});
