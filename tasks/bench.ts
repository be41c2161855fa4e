import { Argument, Command } from "@commander-js/extra-typings";
import { count } from "../build/commands/options.ts";
import type { Env } from "../lib/env.ts";
import { ext4Section } from "../tests/bench/ext4_bench.ts";
import { hostSection } from "./bench/host.ts";
import { imageSection } from "./bench/image.ts";
import { flashSection } from "./bench/flash.ts";
import { formatMachine, thisMachine } from "./bench/machine.ts";
import { figuresOf, formatSection, type Section } from "./bench/report.ts";
import { installSection } from "./bench/install.ts";
import { isoSection } from "./bench/iso.ts";
import { mediaSection } from "./bench/media.ts";
import { veritySection } from "./bench/verity.ts";
import { solverSection } from "./bench/solver.ts";
import { statusSection } from "./bench/status.ts";
import { runTask } from "./task.ts";

/** What can be measured, in this order. */
const SECTIONS = {
  image: [imageSection],
  host: [hostSection],
  solver: [solverSection],
  ext4: [ext4Section],
  status: [statusSection],
  flash: [flashSection],
  install: [installSection],
  media: [mediaSection, isoSection, veritySection],
} as const;
type SectionName = keyof typeof SECTIONS;
const NAMES = Object.keys(SECTIONS) as SectionName[];

/** `deno task bench`: our speed beside that of the tools that people use now, in one run. */
export function benchTask(env: Env) {
  return new Command("deno task bench")
    .description("Measure Tower beside apk-tools and e2fsprogs (docs/performance.md).")
    .addArgument(new Argument("[section...]", "what to measure: all by default").choices(NAMES))
    .option("--runs <n>", "runs of each", count, 5)
    .option("--json", "every sample and the figures as JSON", false)
    .action((wanted, options) => main(env, wanted, options));
}

async function main(
  env: Env,
  wanted: readonly SectionName[],
  { runs, json }: { readonly runs: number; readonly json: boolean },
): Promise<void> {
  const machine = thisMachine();
  const sections: Section[] = [];
  if (!json) env.stdout.write(`${formatMachine(machine)}\n`);
  for (const name of NAMES) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    env.signal.throwIfAborted();
    for (const measure of SECTIONS[name]) {
      const section = await measure(env, runs);
      sections.push(section);
      if (!json) env.stdout.write(`${formatSection(section)}\n`);
    }
  }
  if (json) {
    env.stdout.write(`${JSON.stringify({ machine, sections: sections.map(withFigures) })}\n`);
  }
}

function withFigures(section: Section) {
  const rows = section.rows.map((row) => ({ ...row, ...figuresOf(row, section) }));
  return { ...section, rows };
}

if (import.meta.main) await runTask(benchTask);
