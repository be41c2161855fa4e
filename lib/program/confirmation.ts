import type { Env } from "../env.ts";

/** The default is no: the user may be about to lose a disk. */
export async function isConfirmed(env: Pick<Env, "ask" | "stderr">): Promise<boolean> {
  return /^y(es)?$/i.test(await answerTo("Go on? [y/N] ", env) ?? "");
}

/** What is answered; nothing where nobody can, as that an option goes without it is told then. */
export async function answerTo(
  question: string,
  env: Pick<Env, "ask" | "stderr">,
): Promise<string | undefined> {
  const answer = await env.ask(question);
  if (answer === undefined) {
    env.stderr.write("\nNobody is there to answer: --no-confirm goes on without.\n");
  }
  return answer?.trim();
}
