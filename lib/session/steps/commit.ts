import { printable, TowerError } from "../../errors.ts";
import type { CommitStep, StepProgram } from "../../fleet/operations/step.ts";
import type { RemoteResult } from "../session.ts";
import { type Handler, OUTPUT_LIMIT, saidOf, type StepContext } from "./handler.ts";

/** Seconds that each of its programs may take. */
const DEADLINE = 30;
/** Milliseconds between two tries to come in anew. */
const PAUSE = 500;

/** Lines that the confirmation tells are for the user. */
export const commit: Handler<CommitStep> = async (step, context) => {
  const { title, confirm, undo, unheard } = step;
  const changed = await ask(step, context);
  if (changed.kind !== "done") throw failed(title, context, changed, unheard.change);
  const { clock, signal } = context;
  const end = clock.now() + undo * 1000;
  for (;;) {
    const kept = await ask(confirm, context);
    if (kept.kind === "done") {
      const said = printable(new TextDecoder().decode(kept.stdout));
      return said.split("\n").filter((line) => line !== "");
    }
    const isAway = kept.kind === "nothing" && kept.error instanceof TowerError &&
      kept.error.code === "unreachable";
    if (!isAway || clock.now() + PAUSE >= end) {
      throw failed(confirm.title, context, kept, unheard.confirm);
    }
    await clock.pause(PAUSE, signal);
  }
};

/** What came of a program. */
type Answer =
  | { readonly kind: "done"; readonly stdout: Uint8Array }
  /** The machine says why not. */
  | { readonly kind: "refused"; readonly why: string }
  /** Nobody knows how far it got. */
  | { readonly kind: "nothing"; readonly error: unknown };

async function ask({ argv, stdin }: StepProgram, context: StepContext): Promise<Answer> {
  const { session, signal } = context;
  const program = { argv, deadline: DEADLINE, outputLimit: OUTPUT_LIMIT };
  let result: RemoteResult;
  try {
    result = await session.exec(stdin ? { ...program, stdin } : program, signal);
  } catch (error) {
    signal.throwIfAborted();
    return { kind: "nothing", error };
  }
  const { ending, stdout } = result;
  if (ending.kind !== "exited") return { kind: "nothing", error: undefined };
  if (ending.code === 0) return { kind: "done", stdout };
  return { kind: "refused", why: saidOf(result) };
}

/** @param hint What may be in force where nobody knows. */
function failed(
  title: string,
  { machine }: StepContext,
  answer: Exclude<Answer, { kind: "done" }>,
  hint: string,
): TowerError {
  const message = `Cannot ${title} of "${machine}"`;
  if (answer.kind === "refused") return new TowerError("tool", `${message}: ${answer.why}`);
  const { error } = answer;
  const code = error instanceof TowerError ? error.code : "tool";
  const options = error === undefined ? { hint } : { hint, cause: error };
  return new TowerError(code, `${message}: no answer came`, options);
}
