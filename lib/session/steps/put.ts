import { putProgram } from "../../fleet/operations/files.ts";
import type { PutStep } from "../../fleet/operations/step.ts";
import { exec } from "./exec.ts";
import type { Handler } from "./handler.ts";

export const put: Handler<PutStep> = (step, context) =>
  exec({ kind: "exec", title: step.title, ...putProgram(step) }, context);
