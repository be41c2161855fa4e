import { digestOf } from "../lib/format/digest.ts";
import { canonicalJson } from "../lib/json.ts";
import { type FileState, fileState, isSameState, writeFileAtomic } from "../lib/store/files.ts";
import { programDigest } from "../lib/store/program_digest.ts";
import { fromFileUrl, join } from "@std/path";
import type { Engine } from "./engine.ts";
import type { BuildPlan } from "./plan/plan.ts";
import { RECORD_FILE, SUMS_FILE } from "./manifest/file_names.ts";
import { type BuildRecord, formatRecord } from "./plan/record.ts";
import { formatSums } from "./supply/sums.ts";
import { VERSION_TEXT } from "./version.ts";

/** Folders with the sources of this program. */
const SOURCES = ["build", "lib"].map((f) => fromFileUrl(new URL(`../${f}`, import.meta.url)));

/** What a folder held right after a build. */
interface Memory {
  readonly record: BuildRecord;
  /** State of each artifact and of the record, by file name. */
  readonly states: Readonly<Record<string, FileState | undefined>>;
}

/**
 * The record of a build that this plan needs not repeat: the same plan by the same program into
 * the same folder, and no file there was written since (as git's index tells).
 */
export function recall(plan: BuildPlan, folder: string, engine: Engine): BuildRecord | undefined {
  const memory = engine.store.readNote("builds", noteName(plan, folder)) as Memory | undefined;
  if (memory === undefined) return undefined;
  for (const [file, state] of Object.entries(memory.states)) {
    if (!isSameState(state, fileState(join(folder, file)))) return undefined;
  }
  if (memory.record.lock !== plan.lock) return undefined;
  engine.reporter.report({ type: "info", message: "nothing changed since the last build" });
  return memory.record;
}

/** Writes record and digests beside the artifacts and remembers what the folder holds now. */
export function remember(
  plan: BuildPlan,
  record: BuildRecord,
  folder: string,
  { store }: Engine,
): void {
  const text = formatRecord(record);
  writeFileAtomic(join(folder, RECORD_FILE), new TextEncoder().encode(text));
  const made = [...record.artifacts, ...record.companions];
  const sums = formatSums([...made, { file: RECORD_FILE, digest: digestOf(text) }]);
  writeFileAtomic(join(folder, SUMS_FILE), new TextEncoder().encode(sums));
  const files = [...made.map((a) => a.file), RECORD_FILE, SUMS_FILE];
  const states = Object.fromEntries(files.map((file) => [file, fileState(join(folder, file))]));
  store.writeNote("builds", noteName(plan, folder), { record, states } satisfies Memory);
}

function noteName(plan: BuildPlan, folder: string): string {
  const program = programDigest(VERSION_TEXT, SOURCES);
  return digestOf(canonicalJson({ plan: plan.id, folder, program })).replace("sha256:", "");
}
