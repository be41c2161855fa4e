import { count, formatBytes } from "../../lib/report/quantity.ts";
import type { Lock } from "./lock.ts";
import { outputLine } from "../kinds/outputs.ts";
import { stageLine } from "../kinds/stages.ts";
import type { BuildPlan } from "./plan.ts";

/** Where a plan's parts lie on this machine. */
export interface PlanPlaces {
  readonly lockFile: string;
  /** Folder of the artifacts. */
  readonly output: string;
}

/** A plan as people read it, a line for each part. Pure: the whole of it is JSON. */
export function planSummary(plan: BuildPlan, lock: Lock, places: PlanPlaces): string {
  const size = lock.packages.reduce((sum, p) => sum + p.size, 0);
  const newest = new Date(plan.epoch * 1000).toISOString().replace(".000Z", "Z");
  const missing = lock.missing ?? [];
  const rows: (readonly [string, string])[] = [
    ["system", `${plan.system} for ${plan.arch}`],
    ["plan", plan.id],
    ["lock", `${places.lockFile} (${plan.lock})`],
    ...lock.repositories.map(({ name, tag }) =>
      ["repository", tag === undefined ? name : `@${tag} ${name}`] as const
    ),
    ...lock.keys.map(({ name }) => ["key", name] as const),
    ["packages", `${count(plan.packages.length, "package")}, ${formatBytes(size)} to load`],
    ...missing.length > 0 ? [["not there", missing.join(", ")] as const] : [],
    ["newest", `${newest}, the time of all files that packages do not date`],
    ...plan.stages.map((stage) => ["stage", stageLine(stage)] as const),
    ...plan.outputs.map((output) => ["output", outputLine(output)] as const),
    ["folder", places.output],
  ];
  return rows.map(([name, value], i) =>
    `${(rows[i - 1]?.[0] === name ? "" : name).padEnd(10)}  ${value}\n`
  ).join("");
}
