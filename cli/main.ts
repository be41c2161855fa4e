import { VERSION_TEXT } from "./version.ts";

const isVersionAsked = Deno.args.length === 1 && /^(-V|--version)$/.test(Deno.args[0]!);
if (isVersionAsked) {
  // Scripts ask on every run: no command is loaded for it.
  Deno.stdout.writeSync(new TextEncoder().encode(`${VERSION_TEXT}\n`));
  Deno.exit(0);
}
const { realEnv } = await import("../lib/env.ts");
const { run } = await import("./root.ts");
Deno.exit(await run(realEnv()));
