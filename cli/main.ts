import { realEnv } from "../lib/env.ts";
import { run } from "./root.ts";

Deno.exit(await run(realEnv()));
