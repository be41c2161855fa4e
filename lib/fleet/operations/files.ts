import putScript from "../scripts/put.sh" with { type: "text" };
import type { GetStep, PutStep, StepProgram } from "./step.ts";

/** What a machine runs to get a file. */
export function putProgram({ path, bytes, mode, become }: PutStep): StepProgram {
  const words = ["sh", "-c", putScript, "tower-put", path, mode.toString(8), String(bytes.length)];
  return { argv: argvOf(become, words), stdin: bytes };
}

/** What a machine runs to give a file away. */
export function getProgram({ path, become }: GetStep): StepProgram {
  return { argv: argvOf(become, ["cat", "--", path]) };
}

function argvOf(become: readonly string[], words: readonly string[]): [string, ...string[]] {
  return [...become, ...words] as [string, ...string[]];
}
