import type { ExecStep } from "../../fleet/operations/step.ts";
import { DEADLINE, type Handler, OUTPUT_LIMIT, requireDone } from "./handler.ts";

export const exec: Handler<ExecStep> = async (step, { session, machine, signal }) => {
  const { argv, stdin, title } = step;
  const program = { argv, deadline: DEADLINE, outputLimit: OUTPUT_LIMIT };
  requireDone(await session.exec(stdin ? { ...program, stdin } : program, signal), title, machine);
  return [];
};
