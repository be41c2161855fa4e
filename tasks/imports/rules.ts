import { join } from "@std/path";
import { isUnitTest, type Room, roomOf } from "./rooms.ts";
import { codeOf, importsOf, lineAt } from "./source_text.ts";
import { startsWithLate } from "./starts.ts";

/** Something that the architecture forbids. */
export interface Violation {
  readonly file: string;
  readonly line: number;
  readonly text: string;
}

/** Most lines of a file; a test may hold more cases. */
const MOST_LINES = 300;
const MOST_TEST_LINES = 500;
/** Files that may be longer, because they are tables of data. */
const DATA_TABLES: readonly string[] = [];
const BAD_FOLDERS = /(^|\/)(utils?|common|helpers?|misc)\//;
const RUNNER = "lib/proc/deno_runner.ts";
const MAINS = ["build/main.ts", "cli/main.ts"];
const IMPURE_WORDS =
  /\b(?:Math\.random|Date\.now|performance\.now|crypto\.(?:getRandomValues|randomUUID)|fetch\(|setTimeout\(|new Date\(\))/g;

/** All violations of a project, given as paths from its root and their texts. */
export function violationsOf(sources: ReadonlyMap<string, string>): Violation[] {
  const edges: Edges = new Map();
  const loads: Edges = new Map();
  const violations: Violation[] = [];
  for (const [file, source] of sources) {
    const code = codeOf(source);
    const room = roomOf(file);
    violations.push(...shapeOf(file, source, room));
    if (!room) continue;
    violations.push(...wordsOf(file, source, code, room));
    const targets: string[] = [];
    const loaded: string[] = [];
    for (const statement of importsOf(source, code)) {
      const { specifier, line, isType, isLate } = statement;
      const target = specifier.startsWith(".") ? join(file, "..", specifier) : undefined;
      // Folders and data files that stand beside a module are no modules.
      if (target !== undefined && !target.endsWith(".ts")) continue;
      const text = target === undefined
        ? packageImport(specifier, room, file)
        : ownImport(file, target, room, isType);
      if (text) violations.push({ file, line, text });
      if (target !== undefined) targets.push(target);
      if (!isType && !isLate) loaded.push(target ?? specifier);
    }
    edges.set(file, targets);
    loads.set(file, loaded);
  }
  for (const way of startsWithLate(loads)) {
    violations.push({ file: way[0], line: 1, text: `every start reads ${way.join(" -> ")}` });
  }
  return [...violations, ...cyclesOf(edges), ...cyclesOf(foldersOf(edges))];
}

function shapeOf(file: string, source: string, room: Room | undefined): Violation[] {
  const texts: string[] = [];
  if (!room) texts.push("no room of docs/architecture.md holds this file");
  if (BAD_FOLDERS.test(file)) texts.push("the folder's name does not say what is in it");
  const lines = source.split("\n").length - 1;
  const most = file.endsWith("_test.ts") ? MOST_TEST_LINES : MOST_LINES;
  if (lines > most && !DATA_TABLES.includes(file)) texts.push(`${lines} lines are over ${most}`);
  return texts.map((text) => ({ file, line: 1, text }));
}

function wordsOf(file: string, source: string, code: string, room: Room): Violation[] {
  const violations: Violation[] = [];
  const find = (words: RegExp, text: (word: string) => string | undefined) => {
    for (const match of code.matchAll(words)) {
      const found = text(match[0]);
      if (found) violations.push({ file, line: lineAt(source, match.index), text: found });
    }
  };
  find(/\bDeno\.\w+/g, (word) => denoWord(file, word, room));
  if (room.isPure && !isUnitTest(file)) {
    find(IMPURE_WORDS, (word) => `${word} in a room without clock, chance or network`);
  }
  return violations;
}

function denoWord(file: string, word: string, room: Room): string | undefined {
  if (isUnitTest(file)) {
    const isFree = word === "Deno.test" || room.name === "tasks";
    return isFree ? undefined : `${word} in a unit test: only Deno.test`;
  }
  if (word === "Deno.Command" && room.name !== "tests" && file !== RUNNER) {
    return `Deno.Command stands in ${RUNNER} alone`;
  }
  if (word === "Deno.exit" && !MAINS.includes(file) && !["tasks", "tests"].includes(room.name)) {
    return "Deno.exit stands in the main files alone";
  }
  return room.deno?.test(file) ? undefined : `${word} in a room without Deno`;
}

function ownImport(
  file: string,
  target: string,
  room: Room,
  isType: boolean,
): string | undefined {
  const to = roomOf(target);
  if (!to) return `"${target}" is in no room`;
  const slash = target.lastIndexOf("/");
  const isPrivate = target.slice(slash + 1).startsWith("_");
  if (isPrivate && !file.startsWith(target.slice(0, slash + 1))) {
    return `"${target}" is private to its folder`;
  }
  if (room.mayImport.includes(to.name)) return undefined;
  if ((isType || isUnitTest(file)) && room.mayImportTypes?.includes(to.name)) return undefined;
  if (isUnitTest(file) && target.startsWith("tests/support/")) return undefined;
  return `"${target}": ${room.name} may not import ${to.name}`;
}

function packageImport(specifier: string, room: Room, file: string): string | undefined {
  if (isUnitTest(file) && specifier === "@std/assert") return undefined;
  if (room.packages.some((start) => specifier.startsWith(start))) return undefined;
  return `${room.name} may not import "${specifier}"`;
}

/** Who imports whom, of types too: whoever reads one of a circle must read all of it. */
type Edges = Map<string, string[]>;

/**
 * Imports between the folders right below `lib`, `build` and `cli`, and between those and the files
 * beside them. A unit test's imports are its own.
 */
function foldersOf(edges: Edges): Edges {
  const folders: Edges = new Map();
  for (const [file, targets] of edges) {
    const from = folderOf(file);
    if (from === undefined || isUnitTest(file)) continue;
    const others = targets.map(folderOf).filter((to) => to !== undefined && to !== from);
    folders.set(from, [...folders.get(from) ?? [], ...others as string[]]);
  }
  return folders;
}

function folderOf(file: string): string | undefined {
  return /^(?:lib|build|cli)\/[^/]+/.exec(file)?.[0];
}

/** One violation for each place at which a walk along imports meets itself. */
function cyclesOf(edges: Edges): Violation[] {
  const violations: Violation[] = [];
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (file: string) => {
    const start = path.indexOf(file);
    if (start >= 0) {
      const text = `import cycle: ${[...path.slice(start), file].join(" -> ")}`;
      violations.push({ file, line: 1, text });
      return;
    }
    if (done.has(file)) return;
    path.push(file);
    for (const target of edges.get(file) ?? []) visit(target);
    path.pop();
    done.add(file);
  };
  for (const file of edges.keys()) visit(file);
  return violations;
}
