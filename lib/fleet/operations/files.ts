import putScript from "../scripts/put.sh" with { type: "text" };
import { argvAs, type GetStep, type PutStep, type StepProgram } from "./step.ts";

/** What a machine runs to get a file. */
export function putProgram({ path, bytes, mode, become }: PutStep): StepProgram {
  const words = [
    "sh",
    "-c",
    putScript,
    "tower-put",
    path,
    mode.toString(8),
    String(bytes.length),
  ] as const;
  return { argv: argvAs(become, [...words]), stdin: bytes };
}

/** What a machine runs to give a file away. */
export function getProgram({ path, become }: GetStep): StepProgram {
  return { argv: argvAs(become, ["cat", "--", path]) };
}
