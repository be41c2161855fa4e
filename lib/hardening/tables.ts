import { KERNEL_WORDS } from "./kernel_words.ts";
import { BLOCKED_MODULES } from "./modules.ts";
import { MOUNTS } from "./mounts.ts";
import { NOT_TAKEN } from "./not_taken.ts";
import { SSHD, sshdOf } from "./sshd.ts";
import { PROCESSOR_SYSCTLS, type Sysctl, SYSCTLS } from "./sysctls.ts";

type Row = readonly [what: string, toweros: string | undefined, ...rest: string[]];

/** The tables of docs/decisions/0019-hardening.md in Markdown, by the name of their place there. */
export function hardeningTables(): Map<string, string> {
  const HEAD = ["what", "TowerOS", "why"];
  return new Map([
    [
      "kernel words",
      table(
        ["word", "TowerOS", "where", "why"],
        KERNEL_WORDS.map(({ word, toweros, machines, why }) => [
          code(word),
          toweros === undefined ? undefined : "the same",
          machines === undefined ? "all" : machines.join(", "),
          why,
        ]),
      ),
    ],
    ["kernel settings", table(HEAD, [...SYSCTLS, ...processorSettings()].map(settingRow))],
    [
      "modules",
      table(
        HEAD,
        BLOCKED_MODULES.map(({ modules, toweros, why }) => [
          modules.map(code).join(" "),
          toweros,
          why,
        ]),
      ),
    ],
    [
      "mounts",
      table(
        HEAD,
        MOUNTS.map(({ point, options, toweros, why }) => [
          `${code(point)} ${code(options.join(","))}`,
          toweros,
          why,
        ]),
      ),
    ],
    [
      "sshd",
      table(
        HEAD,
        [
          ...SSHD.map((line) => ({ ...line, of: "" })),
          ...sshdOf("router").map((line) => ({ ...line, of: " (router)" })),
        ].map(({ keyword, value, toweros, why, of }) => [
          code(`${keyword} ${value}`) + of,
          toweros,
          why,
        ]),
      ),
    ],
    ["not taken", table(HEAD, NOT_TAKEN.map(({ what, toweros, why }) => [what, toweros, why]))],
  ]);
}

function processorSettings(): Sysctl[] {
  return Object.entries(PROCESSOR_SYSCTLS).flatMap(([arch, settings]) =>
    settings.map((s) => ({ ...s, needs: arch }))
  );
}

function settingRow({ key, value, toweros, why, roles, needs }: Sysctl): Row {
  const where = [
    ...(roles === undefined ? [] : [roles.length > 1 ? "hosts" : roles.join(", ")]),
    ...(needs === undefined ? [] : [/^\d/.test(needs) ? `Linux ${needs}` : needs]),
  ];
  const limit = where.length === 0 ? "" : ` (${where.join("; ")})`;
  return [code(`${key} = ${value}`) + limit, toweros, why];
}

const code = (text: string) => `\`${text}\``;

/** A table as `deno fmt` leaves it: columns as wide as their widest cell. */
function table(head: readonly string[], rows: readonly Row[]): string {
  const cells = [head, ...rows.map((row) => row.map((cell) => cell ?? "–"))];
  const widths = head.map((_, i) => Math.max(...cells.map((row) => row[i]!.length)));
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, i) => cell.padEnd(widths[i]!)).join(" | ")} |\n`;
  const rule = line(widths.map((width) => "-".repeat(width)));
  return line(cells[0]!) + rule + cells.slice(1).map(line).join("");
}
