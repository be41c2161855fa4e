import { getProgram } from "../../fleet/operations/files.ts";
import type { GetStep } from "../../fleet/operations/step.ts";
import { writeFileAtomic } from "../../files/files.ts";
import { DEADLINE, type Handler, requireDone } from "./handler.ts";

export const get: Handler<GetStep> = async (step, { session, machine, signal }) => {
  const program = { ...getProgram(step), deadline: DEADLINE, outputLimit: step.limit };
  const result = await session.exec(program, signal);
  requireDone(result, step.title, machine);
  writeFileAtomic(step.to, result.stdout, 0o600);
  return [];
};
