import { assert, assertEquals } from "@std/assert";
import { HOST_FACTS, parseFacts } from "../../../lib/fleet/facts/host_facts.ts";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { busyboxMissing, busyboxShell } from "../../support/shell/busybox_shell.ts";

const runner = denoRunner();
const APPLETS = ["awk", "date", "df", "grep", "uname"];

/** Runs the agent; `path` is where it finds its programs instead of the system's folders. */
async function factsBy(sh: string, path?: string) {
  const agent = path === undefined
    ? HOST_FACTS.script
    : HOST_FACTS.script.replace(/^PATH=.*$/m, `PATH=${path}`);
  const { stdout, stderr } = await runner.run({
    argv: [sh, "-s"],
    stdin: new TextEncoder().encode(agent),
  });
  assertEquals(new TextDecoder().decode(stderr), "");
  return parseFacts(stdout);
}

/** What this machine's own files say. */
function assertTrue(facts: ReturnType<typeof parseFacts>): void {
  const release = Deno.readTextFileSync("/etc/os-release");
  const plain = /^PRETTY_NAME=(.*)$/m.exec(release)![1]!.replaceAll(/[^A-Za-z0-9 ._+:/-]/g, "");
  assertEquals(facts.system, plain);
  assertEquals(facts.kernel, Deno.osRelease());
  const cores = Deno.readTextFileSync("/proc/cpuinfo").match(/^processor/gm)!.length;
  assertEquals(facts.processors, cores);
  assertEquals(facts.memoryTotal! * 1024, Deno.systemMemoryInfo().total);
  assert(facts.memoryAvailable! > 0 && facts.memoryAvailable! <= facts.memoryTotal!);
  assert(Math.abs(facts.time! - Date.now() / 1000) < 5);
  assert(Math.abs(facts.uptime! - Deno.osUptime()) < 5);
  assert(facts.diskUsed! > 0 && facts.diskUsed! < facts.diskTotal!);
}

Deno.test("the facts agent tells this machine's state by its own sh", async () => {
  assertTrue(await factsBy("sh"));
});

for (const origin of ["debian", "alpine"] as const) {
  const missing = busyboxMissing(runner, origin);
  Deno.test({
    name: `the facts agent tells the same by ${origin}'s busybox` +
      (missing ? ` (skipped: ${missing})` : ""),
    ignore: missing !== undefined,
    async fn() {
      await using shell = await busyboxShell(runner, origin, APPLETS);
      assertTrue(await factsBy(shell.sh, shell.path));
    },
  });
}
