import { fromFileUrl, join } from "@std/path";
import type { Env } from "../../lib/env.ts";
import { tempDir } from "../../lib/files/files.ts";
import { denoFolder } from "./image.ts";
import { createMeter } from "./measure.ts";
import type { Sample, Section } from "./report.ts";

const OURS = fromFileUrl(new URL("../../tests/bench/verity_file.ts", import.meta.url));
const CONFIG = fromFileUrl(new URL("../../deno.json", import.meta.url));
const TITLE = "The hash tree of 1 GiB, two processors for each";
const SIZE = 2 ** 30;
const PEER = "veritysetup format";
const OWN = "tower-build's writer";

/** Our hash trees beside those of cryptsetup. */
export async function veritySection(env: Env, runs: number): Promise<Section> {
  const missing = ["veritysetup", "taskset"].filter((tool) => !env.runner.which(tool));
  if (missing.length > 0) {
    return { title: TITLE, notes: [`not measured: ${missing.join(", ")} missing`], rows: [] };
  }
  using folder = tempDir();
  const at = (name: string) => join(folder.path, name);
  writeData(at("data"));
  const meter = createMeter(env.runner, folder.path);
  const samples: Record<string, Sample[]> = { [PEER]: [], [OWN]: [] };
  const options = ["run", "--allow-all", "--config", CONFIG, OURS];
  const programs = {
    [PEER]: ["veritysetup", "format", "--salt=-", at("data"), at("theirs")],
    [OWN]: [Deno.execPath(), ...options, at("data"), at("ours"), "2"],
  };
  for (let run = 0; run < runs; run++) {
    for (const [name, argv] of Object.entries(programs)) {
      await meter.settle();
      const { sample } = await meter.measure({
        argv: ["taskset", "-c", "0,1", ...argv],
        variables: { DENO_DIR: denoFolder(env) },
      });
      samples[name]!.push(sample);
    }
  }
  return {
    title: TITLE,
    notes: [`data in the page cache; ${runs} runs in turn, their medians`, ...meter.missing],
    rows: Object.entries(samples).map(([name, list]) => ({
      ...{ name, samples: list },
      ...(name === PEER ? {} : { peer: PEER }),
    })),
  };
}

function writeData(path: string): void {
  using file = Deno.openSync(path, { write: true, create: true });
  const chunk = Uint8Array.from({ length: 1 << 20 }, (_, i) => i * 7 + (i >> 8));
  for (let done = 0; done < SIZE; done += chunk.length) {
    chunk[0] = done >>> 20;
    file.writeSync(chunk);
  }
}
