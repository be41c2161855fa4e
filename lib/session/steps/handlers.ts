import type { Step } from "../../fleet/operations/step.ts";
import { commit } from "./commit.ts";
import { exec } from "./exec.ts";
import { forward } from "./forward.ts";
import { get } from "./get.ts";
import type { Handler, StepContext } from "./handler.ts";
import { put } from "./put.ts";
import { reboot } from "./reboot.ts";

/** A handler for every kind of step. */
const HANDLERS: { readonly [K in Step["kind"]]: Handler<Extract<Step, { kind: K }>> } = {
  commit,
  exec,
  forward,
  get,
  put,
  reboot,
};

/** Does a step of any kind. */
export function doStep<S extends Step>(step: S, context: StepContext): Promise<readonly string[]> {
  return (HANDLERS[step.kind] as Handler<S>)(step, context);
}
