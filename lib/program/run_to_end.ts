import type { Env } from "../env.ts";
import { exitCodeOf, formatError, messagesOf, TowerError } from "../errors.ts";
import { jsonLine } from "../report/json_reporter.ts";
import { type Ending, newEnding } from "./ending.ts";
import { tellingEnv } from "./verbosity.ts";

/** A program's own hints in place of the general ones of `lib`, which serves other programs too. */
export type OwnHints = Readonly<Record<string, string>>;

/** Does a program's work under an environment; returns the exit status and never throws. */
export async function runToEnd(
  env: Env,
  work: (env: Env, ending: Ending) => Promise<void>,
  hints: OwnHints = {},
): Promise<number> {
  const ending = newEnding();
  try {
    await work(tellingEnv(env, ending), ending);
    return ending.code;
  } catch (error) {
    // Commander has printed its own message already.
    if (isCommanders(error)) return error.exitCode === 0 ? 0 : 2;
    const shown = error instanceof TowerError
      ? withOwnHint(plainInterruption(error), hints)
      : internalError(error);
    env.stderr.write(ending.json ? jsonLine(errorValue(shown)) : formatError(shown) + "\n");
    return exitCodeOf(shown);
  }
}

/** Told by its code, as loading commander takes longer than some of the work that is done here. */
function isCommanders(error: unknown): error is { readonly exitCode: number } {
  return error instanceof Error && "code" in error && "exitCode" in error &&
    String(error.code).startsWith("commander.");
}

/** An error as the last line of a program's JSON events. */
function errorValue(error: TowerError) {
  const { code, hint } = error;
  return { type: "error", code, hint, messages: messagesOf(error) };
}

/**
 * Of a signal, the signal alone: who sent it knows what was going on. Where there is something to
 * do, the error says so itself.
 */
function plainInterruption(error: TowerError): TowerError {
  if (error.code !== "interrupted" || error.hint !== undefined) return error;
  const { cause } = error;
  return cause instanceof TowerError && cause.code === "interrupted"
    ? plainInterruption(cause)
    : error;
}

function withOwnHint(error: TowerError, hints: OwnHints): TowerError {
  const { code, message, cause } = error;
  const hint = error.hint === undefined ? undefined : hints[error.hint];
  return hint === undefined ? error : new TowerError(code, message, { cause, hint });
}

function internalError(cause: unknown): TowerError {
  return new TowerError("tool", "Cannot go on: something happened that should not", {
    cause,
    hint: "please report it with the command line",
  });
}
