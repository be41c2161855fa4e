import { formatBytes } from "../../lib/report/quantity.ts";
import type { Lock } from "./lock.ts";
import type { BuildPlan, OutputPlan, StagePlan } from "./plan.ts";

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

function stageLine(stage: StagePlan): string {
  switch (stage.kind) {
    case "packages":
      return `packages: ${stage.world.join(" ")}`;
    case "files":
      return `files: ${
        [
          ...stage.overlay.length > 0 ? [`${count(stage.overlay.length, "file")} of overlays`] : [],
          ...stage.files.length > 0 ? [stage.files.map(({ path }) => `/${path}`).join(" ")] : [],
          ...stage.remove.length > 0
            ? [`without ${stage.remove.map((p) => `/${p}`).join(" ")}`]
            : [],
        ].join(", ") || "none"
      }`;
    case "accounts":
      return `accounts: ${
        [
          ...stage.groups.map(({ name }) => `group ${name}`),
          ...stage.users.map(({ name, authorizedKeys: keys }) =>
            keys.length > 0 ? `${name} with ${count(keys.length, "key")}` : name
          ),
        ].join(", ") || "none"
      }`;
    case "services":
      return `services: ${
        Object.entries(stage.runlevels).map(([level, names]) => `${level} (${names.join(" ")})`)
          .join(", ")
      }`;
    case "kernel":
      return `kernel: ${stage.flavour}`;
    case "initramfs":
      return `initramfs: /${stage.path} with ${stage.modules.join(" ") || "no modules"}`;
  }
}

function outputLine(output: OutputPlan): string {
  if (output.kind !== "disk") return `${output.file}: ${output.kind}`;
  const { file, table, loaders, cmdline } = output;
  return `${file}: disk, ${table.toUpperCase()}, started by ${loaders.join(" and ")}, ${cmdline}`;
}

function count(n: number, what: string): string {
  return `${n} ${what}${n === 1 ? "" : "s"}`;
}
