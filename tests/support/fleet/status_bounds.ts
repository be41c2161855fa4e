import { assertEquals, assertLess } from "@std/assert";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { tempDir } from "../../../lib/files/files.ts";
import { assertAllUp, slowestOf, statusBound, StatusRace } from "./status_race.ts";
import { towerVariables } from "./tower_process.ts";

/** Bytes that `tower status` may take, of however many hosts. */
const MEMORY = 200e6;
/** Seconds that the program itself may take to start, beside which few hosts take little. */
const START = 2;

/** The state of so many hosts comes in time, and within {@linkcode MEMORY}. */
export async function statusKeepsItsBounds(count: number): Promise<void> {
  using folder = tempDir();
  await using race = await StatusRace.start(folder.path, count);
  const runner = denoRunner();
  const start = performance.now();
  const { stdout } = await runner.run(race.handshakes());
  const handshakes = (performance.now() - start) / 1000;
  const bound = Math.min(2 * handshakes, statusBound(slowestOf(stdout, count), count));
  const begin = performance.now();
  await using child = runner.spawn(race.status(towerVariables(folder.path)["DENO_DIR"]!));
  let peak = 0;
  const watching = setInterval(() => peak = Math.max(peak, peakOf(child.pid)), 100);
  const [out, err] = await Promise.all([bytesOf(child.stdout), bytesOf(child.stderr)]);
  clearInterval(watching);
  assertLess((performance.now() - begin) / 1000, START + bound);
  assertEquals([await child.ended, err.length], [{ kind: "exited", code: 0 }, 0]);
  assertAllUp(out, count);
  assertLess(peak, MEMORY);
  assertLess(50e6, peak, "the runtime alone has more: another process was measured");
}

/** Most bytes that a process had at once, or 0 where it has ended (proc_pid_status(5)). */
function peakOf(pid: number): number {
  try {
    const status = Deno.readTextFileSync(`/proc/${pid}/status`);
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}

async function bytesOf(stream: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  return new Uint8Array(
    await new Response(stream as ReadableStream<Uint8Array<ArrayBuffer>>)
      .arrayBuffer(),
  );
}
