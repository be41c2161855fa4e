import { writeKnownAnswer } from "../lib/proc/deno_known_answer.ts";
import { EMBEDDED_HELP } from "./embedded_help.ts";
import { VERSION_TEXT } from "./version.ts";

/** Returns the exit status. */
async function main(): Promise<number> {
  if (writeKnownAnswer(Deno.args, VERSION_TEXT, EMBEDDED_HELP)) return 0;
  const { realEnv } = await import("../lib/env.ts");
  const { run } = Deno.args.length === 1 && Deno.args[0] === "list"
    ? { run: (await import("./list_hosts.ts")).runList }
    : await import("./root.ts");
  return await run(realEnv());
}

/** Awaited by what loads a one-file program, whose pieces cannot await at their top. */
export const ended = main().then(Deno.exit);
