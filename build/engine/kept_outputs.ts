import type { Digest } from "../../lib/brand.ts";
import { digestOf, hexOf } from "../../lib/bytes/digest.ts";
import { canonicalJson } from "../../lib/json.ts";
import type { OutputPlan } from "../kinds/outputs.ts";
import type { Written } from "../plan/record.ts";
import type { Engine } from "./engine.ts";
import { type FileStates, statesIn, unwritten } from "./file_states.ts";

/** What an output became in a folder. */
interface Note {
  readonly written: Written;
  readonly states: FileStates;
}

/** An output, what it is made of, and where it goes. */
export interface PlacedOutput {
  readonly plan: OutputPlan;
  /** Id of its tree; the plan has those of others. */
  readonly tree: Digest;
  readonly folder: string;
}

/**
 * What an output became when this program wrote it before, where its files in the folder are still
 * the ones that it wrote then.
 */
export async function recallOutput(
  output: PlacedOutput,
  engine: Engine,
): Promise<Written | undefined> {
  const { env, store } = engine;
  const name = noteName(output, engine);
  const note = store.readNote("outputs", name) as Note | undefined;
  const states = note && await unwritten(output.folder, note.states, env.signal);
  if (states === undefined) return undefined;
  if (states !== note!.states) store.writeNote("outputs", name, { ...note, states });
  return note!.written;
}

export function rememberOutput(
  output: PlacedOutput,
  written: Written,
  { store, ...engine }: Engine,
) {
  const files = [...written.artifacts, ...written.companions];
  const digests = new Map(files.map(({ file, digest }) => [file, digest]));
  const note: Note = { written, states: statesIn(output.folder, digests) };
  store.writeNote("outputs", noteName(output, engine), note);
}

function noteName(output: PlacedOutput, { program }: Pick<Engine, "program">): string {
  return hexOf(digestOf(canonicalJson({ ...output, program: program() })));
}
