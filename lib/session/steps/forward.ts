import { TowerError } from "../../errors.ts";
import type { ForwardStep } from "../../fleet/operations/step.ts";
import { untilAborted } from "../../proc/until_aborted.ts";
import { Scope } from "../scope.ts";
import type { Handler } from "./handler.ts";

export const forward: Handler<ForwardStep> = async (step, context) => {
  await using scope = new Scope(context.signal);
  const tunnel = await scope.own(await context.session.forward(step, scope.signal));
  void tunnel.ended.then((cause) => {
    const message = `Cannot go on with "${context.machine}": the tunnel to it is gone`;
    scope.fail(new TowerError("unreachable", message, { cause }));
  });
  return await untilAborted(context.run(step.steps, scope.signal), scope.signal);
};
