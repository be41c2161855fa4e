import { terminalSize } from "../lib/proc/deno_terminal.ts";
import { EMBEDDED_HELP } from "./embedded_help.ts";
import { VERSION_TEXT } from "./version.ts";

/** What is known before any command is loaded: scripts and people ask for it all the time. */
function knownAnswer(args: readonly string[]): string | undefined {
  if (args.length !== 1) return undefined;
  if (/^(-V|--version)$/.test(args[0]!)) return `${VERSION_TEXT}\n`;
  if (!EMBEDDED_HELP || !/^(-h|--help)$/.test(args[0]!)) return undefined;
  return EMBEDDED_HELP[Math.min(terminalSize().columns, 100)];
}

/** Returns the exit status. */
async function main(): Promise<number> {
  const answer = knownAnswer(Deno.args);
  if (answer !== undefined) {
    Deno.stdout.writeSync(new TextEncoder().encode(answer));
    return 0;
  }
  const { realEnv } = await import("../lib/env.ts");
  const { run } = await import("./root.ts");
  return await run(realEnv());
}

/** Awaited by what loads a one-file program, whose pieces cannot await at their top. */
export const ended = main().then(Deno.exit);
