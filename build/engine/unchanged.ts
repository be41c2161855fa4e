import { digestOf } from "../../lib/bytes/digest.ts";
import { canonicalJson } from "../../lib/json.ts";
import { TowerError } from "../../lib/errors.ts";
import { exists, readText, removeTree, writeFileAtomic } from "../../lib/files/files.ts";
import { join } from "@std/path";
import type { Engine } from "./engine.ts";
import { type FileStates, statesIn, unwritten } from "./file_states.ts";
import type { BuildPlan } from "../plan/plan.ts";
import { RECORD_FILE, SIGNATURE_SUFFIX, SUMS_FILE } from "../../lib/release/file_names.ts";
import { type BuildRecord, formatRecord, parseRecord } from "../../lib/release/record.ts";
import { formatSums } from "../../lib/release/sums.ts";

const RECORD_LIMIT = 64 << 20;

/** What a folder held right after a build. */
interface Memory {
  readonly record: BuildRecord;
  /** State of each artifact and of the record, by file name. */
  readonly states: FileStates;
}

/**
 * The record of a build that this plan needs not repeat: the same plan by the same program into
 * the same folder, and no file there was written since (as git's index tells).
 */
export async function recall(
  plan: BuildPlan,
  folder: string,
  engine: Engine,
): Promise<BuildRecord | undefined> {
  const { env, store } = engine;
  const name = noteName(plan, folder, engine);
  const memory = store.readNote("builds", name) as Memory | undefined;
  if (memory === undefined || memory.record.lock !== plan.lock) return undefined;
  const states = await unwritten(folder, memory.states, env.signal);
  if (states === undefined) return undefined;
  if (states !== memory.states) store.writeNote("builds", name, { ...memory, states });
  engine.reporter.report({ type: "info", message: "nothing changed since the last build" });
  return memory.record;
}

/**
 * Writes record and digests beside the artifacts and remembers what the folder holds now. What
 * was there of an earlier build goes: its signatures, and artifacts that had other names.
 */
export function remember(
  plan: BuildPlan,
  record: BuildRecord,
  folder: string,
  engine: Engine,
): void {
  const { store } = engine;
  const text = formatRecord(record);
  const made = [...record.artifacts, ...record.companions];
  const names = new Set(made.map((a) => a.file));
  const outdated = earlierFiles(record, folder).filter((file) => !names.has(file));
  for (const file of [SUMS_FILE, RECORD_FILE]) removeTree(join(folder, file + SIGNATURE_SUFFIX));
  writeFileAtomic(join(folder, RECORD_FILE), new TextEncoder().encode(text));
  const sums = formatSums([...made, { file: RECORD_FILE, digest: digestOf(text) }]);
  writeFileAtomic(join(folder, SUMS_FILE), new TextEncoder().encode(sums));
  for (const file of outdated) removeTree(join(folder, file));
  const digests = new Map([
    ...made.map(({ file, digest }) => [file, digest] as const),
    [RECORD_FILE, digestOf(text)],
    [SUMS_FILE, digestOf(sums)],
  ]);
  const states = statesIn(folder, digests);
  store.writeNote("builds", noteName(plan, folder, engine), { record, states } satisfies Memory);
}

/** What the last build of the same system left in a folder. */
function earlierFiles({ system, arch }: BuildRecord, folder: string): string[] {
  const file = join(folder, RECORD_FILE);
  if (!exists(file)) return [];
  try {
    const before = parseRecord(readText(file, RECORD_LIMIT), file);
    if (before.system !== system || before.arch !== arch) return [];
    return [...before.artifacts, ...before.companions].map((a) => a.file);
  } catch (error) {
    // A record that nobody can read answers for no file.
    if (error instanceof TowerError && error.code === "malformed") return [];
    throw error;
  }
}

function noteName(plan: BuildPlan, folder: string, { program }: Engine): string {
  return digestOf(canonicalJson({ plan: plan.id, folder, program: program() })).replace(
    "sha256:",
    "",
  );
}
