import type { Env } from "../env.ts";

/** The default is no: the user may be about to lose a disk. */
export async function isConfirmed(env: Pick<Env, "ask">): Promise<boolean> {
  const answer = await env.ask("Go on? [y/N] ");
  return /^y(es)?$/i.test(answer?.trim() ?? "");
}
