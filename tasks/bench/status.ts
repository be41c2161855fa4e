import type { Env } from "../../lib/env.ts";
import { tempDir } from "../../lib/files/files.ts";
import { manyHostsMissing } from "../../tests/support/fleet/many_hosts.ts";
import {
  assertAllUp,
  slowestOf,
  statusBound,
  StatusRace,
} from "../../tests/support/fleet/status_race.ts";
import { denoFolder } from "./image.ts";
import { createMeter } from "./measure.ts";
import { median, type Row, type Sample, type Section } from "./report.ts";

const TITLE = "The state of 200 hosts";
const HOSTS = 200;
const HANDSHAKES = "ssh HOST true, 20 at once";
const SLOWEST = "  the slowest of them";
const LOOP = "ssh HOST, one after the other";
const PARALLEL_LOOP = "xargs -P 20 ssh HOST";
const OURS = "tower status";

/** `tower status` beside plain ssh, which asks the same of the same hosts. */
export async function statusSection(env: Env, runs: number): Promise<Section> {
  const missing = manyHostsMissing();
  if (missing !== undefined) {
    return { title: TITLE, notes: [`not measured: ${missing}`], rows: [] };
  }
  using folder = tempDir();
  const meter = createMeter(env.runner, folder.path);
  const samples: Record<string, Sample[]> = {
    [HANDSHAKES]: [],
    [SLOWEST]: [],
    [LOOP]: [],
    [PARALLEL_LOOP]: [],
    [OURS]: [],
  };
  await using race = await StatusRace.start(folder.path, HOSTS);
  await meter.measure(race.status(denoFolder(env))); // compiles the program, writes known_hosts
  for (let i = 0; i < runs; i++) {
    const handshakes = await meter.measure(race.handshakes());
    samples[HANDSHAKES]!.push(handshakes.sample);
    samples[SLOWEST]!.push({ wall: slowestOf(handshakes.result.stdout, HOSTS) });
    samples[LOOP]!.push((await meter.measure(race.loop())).sample);
    samples[PARALLEL_LOOP]!.push((await meter.measure(race.parallelLoop())).sample);
    const { sample, result } = await meter.measure(race.status(denoFolder(env)));
    assertAllUp(result.stdout, HOSTS);
    samples[OURS]!.push(sample);
  }
  const slowest = median(samples[SLOWEST]!.map(({ wall }) => wall));
  const rows = Object.entries(samples).map(([name, list]): Row => ({
    name,
    samples: list,
    ...[LOOP, PARALLEL_LOOP, OURS].includes(name) && { peer: HANDSHAKES },
  }));
  const notes = [
    `${HOSTS} sshd on this machine, which does the hosts' part of the work too; ${runs} runs in turn`,
    "memory is that of the largest process, without the ssh that it starts",
    `the limit, twice ten waves as long as the slowest handshake: ${
      statusBound(slowest, HOSTS).toFixed(1)
    } s`,
    ...meter.missing,
  ];
  return { title: TITLE, notes, rows };
}
