import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { denoRunner } from "../../lib/proc/deno_runner.ts";
import { oracleData } from "../support/apk/alpine_oracle.ts";
import { hostMissing } from "../support/build/host_system.ts";

const TASK = fromFileUrl(new URL("../../tasks/try_tower.ts", import.meta.url));
const missing = hostMissing() ??
  (oracleData() === undefined ? "real Alpine data (TOWER_ORACLE_DATA)" : undefined);

Deno.test({
  name:
    "try-tower: three hosts come up, who reaches whom is what the rules say, and the offline one gets " +
    "a package with its dependencies and runs it" + (missing ? ` (skipped: ${missing})` : ""),
  ignore: missing !== undefined,
  async fn() {
    const apk = join(oracleData()!, "alpine/alpine-minirootfs-3.20.3-x86_64.tar.gz");
    const task = [Deno.execPath(), "run", "--allow-all", "--no-check", TASK] as const;
    const argv = [...task, "--apk", apk] as const;
    const { stdout } = await denoRunner().run({
      argv: [...argv, "sh", "-c", "tower status --json; tower ssh vault hostname"],
      variables: Deno.env.toObject(),
    });
    const out = new TextDecoder().decode(stdout);
    assertEquals(out.match(/"status": "up"/g)?.length, 3, out);
    assertStringIncludes(out, "\nvault\n");
    for (const name of ["curl", "libcurl4", "libnghttp2-14", "libpsl5", "librtmp1", "libssh2-1"]) {
      assertMatch(out, new RegExp(`^vault: add ${name}-[0-9]`, "m"));
    }
    assertMatch(out, /^curl [0-9.]+ \(x86_64-/m);
    assertEquals(
      out.match(/^ok {4}(thinclient|stranger|office|vault|router) to /gm)?.length,
      13,
      out,
    );
  },
});
