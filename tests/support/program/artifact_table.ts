import { AssertionError } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { readText, writeFileAtomic } from "../../../lib/files/files.ts";

const NAME = "tests/golden/artifacts.txt";
const PATH = fromFileUrl(new URL(`../../../${NAME}`, import.meta.url));

/** What was made, by what it is: `x86_64 all.tar`, and its digest. */
export type ArtifactTable = ReadonlyMap<string, string>;

/** The table of what is made today: lines `DIGEST  WHAT`. */
export function readTable(): ArtifactTable {
  const lines = readText(PATH, 1 << 20).split("\n").filter((line) => line !== "");
  return new Map(lines.map((line) => {
    const [digest, what] = line.split("  ");
    return [what!, digest!];
  }));
}

/** Whether the table is to be written, for a person to read the difference in git. */
export function writesTable(): boolean {
  return Deno.env.get("TOWER_GOLDEN") === "write";
}

/**
 * Compares those lines of the table that tell of one build (they begin with `about`) with what it made.
 * With `TOWER_GOLDEN=write` in the environment it puts them into the table instead.
 *
 * @throws {AssertionError} with each difference
 */
export function assertTable(about: string, made: ArtifactTable): void {
  const table = readTable();
  if (writesTable()) {
    const others = [...table].filter(([what]) => !what.startsWith(`${about} `));
    const lines = [...others, ...made].map(([what, digest]) => `${digest}  ${what}\n`);
    writeFileAtomic(PATH, new TextEncoder().encode(lines.join("")));
    return;
  }
  const message = tableFault(about, made, table);
  if (message !== undefined) throw new AssertionError(message);
}

/** What of a build is not as the table says, and what to do; undefined where all is. */
export function tableFault(
  about: string,
  made: ArtifactTable,
  table: ArtifactTable,
): string | undefined {
  const names = [...new Set([...table.keys(), ...made.keys()])];
  const changes = names.filter((what) => what.startsWith(`${about} `)).flatMap((what) => {
    const [before, now] = [table.get(what), made.get(what)];
    return before === now ? [] : [`  ${what}: ${before ?? "not there"} -> ${now ?? "not there"}`];
  });
  if (changes.length === 0) return undefined;
  return [
    `Other bytes than ${NAME} says:`,
    ...changes,
    "Where this is meant, CHANGELOG.md must name the reason; TOWER_GOLDEN=write writes the table anew.",
  ].join("\n");
}
