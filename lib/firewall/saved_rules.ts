import { TowerError } from "../errors.ts";

/** The chains that the kernel has by itself (iptables(8)), by table. */
const TABLES = {
  raw: ["PREROUTING", "OUTPUT"],
  mangle: ["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"],
  nat: ["PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"],
  security: ["INPUT", "FORWARD", "OUTPUT"],
  filter: ["INPUT", "FORWARD", "OUTPUT"],
} as const;
type TableName = keyof typeof TABLES;

/** Chains and rules in order, by table; tables that do nothing are left out. */
export type SavedRules = ReadonlyMap<TableName, readonly string[]>;

/**
 * Reads what iptables-save or ip6tables-save wrote, or what is given to their restore programs,
 * without comments and counters: two texts that do the same become equal values.
 *
 * @throws {TowerError} `malformed`
 */
export function parseSavedRules(text: string): SavedRules {
  const tables = new Map<TableName, string[]>();
  let lines: string[] | undefined;
  for (const line of text.split("\n")) {
    const name = /^\*([a-z]+)$/.exec(line)?.[1];
    if (line === "" || line.startsWith("#")) continue;
    if (name !== undefined && Object.hasOwn(TABLES, name) && !lines) {
      tables.set(name as TableName, lines = []);
    } else if (line === "COMMIT" && lines) {
      lines = undefined;
    } else if (lines && /^(:|-A |\[[0-9]+:[0-9]+\] -A )/.test(line)) {
      lines.push(line.replace(/ ?\[[0-9]+:[0-9]+\] ?/, ""));
    } else {
      throw new TowerError("malformed", `Cannot read the rules in force: "${line.slice(0, 80)}"`);
    }
  }
  if (lines) {
    throw new TowerError("malformed", "Cannot read the rules in force: they end too early");
  }
  return new Map([...tables].filter(([name, lines]) => !isIdle(name, lines)));
}

/** A set of rules as lines, table by table, for comparing. */
export function ruleLines(rules: SavedRules): string[] {
  return Object.keys(TABLES).flatMap((name) => {
    const lines = rules.get(name as TableName);
    return lines ? lines.map((line) => `${name} ${line}`) : [];
  });
}

function isIdle(name: TableName, lines: readonly string[]): boolean {
  return lines.every((line) =>
    (TABLES[name] as readonly string[]).some((chain) => line === `:${chain} ACCEPT`)
  );
}
