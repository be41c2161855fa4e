import { VERSION_TEXT } from "./version.ts";

const isVersionAsked = Deno.args.length === 1 && /^(-V|--version)$/.test(Deno.args[0]!);
if (isVersionAsked) {
  try {
    // Scripts ask on every run: no command is loaded for it.
    Deno.stdout.writeSync(new TextEncoder().encode(`${VERSION_TEXT}\n`));
    Deno.exit(0);
  } catch {
    // The output cannot be written: the program says so in its own words.
  }
}
const { realEnv } = await import("../lib/env.ts");
const { run } = await import("./root.ts");
Deno.exit(await run(realEnv()));
