/** What env_test.ts runs: a program that takes the real machine, `env_child.ts TASK`. */
import { realEnv } from "../../../lib/env.ts";
import { tempDir } from "../../../lib/files/files.ts";
import { TowerError } from "../../../lib/errors.ts";

const env = realEnv();
switch (env.args[0]) {
  case "show":
    env.stdout.write(
      JSON.stringify([env.cacheDir, env.home, env.cwd, env.stdoutIsTerminal, env.columns]),
    );
    break;
  case "sleep":
    try {
      const child = env.runner.run({ argv: ["sleep", "60"] });
      env.stdout.write("ready\n");
      await child;
    } catch (error) {
      if (!(error instanceof TowerError)) throw error;
      env.stdout.write(`${error.code} ${(error.cause as Error).message}\n`);
    }
    break;
  case "gone":
    Deno.chdir(Deno.makeTempDirSync());
    Deno.removeSync(env.cwd);
    tell(() => env.cwd);
    break;
  case "temporary": {
    using folder = tempDir();
    env.stdout.write(folder.path);
    await new Promise((resolve) => setTimeout(resolve, 60_000));
    break;
  }
  case "home":
    tell(() => env.home);
    break;
  case "write":
    for (let i = 0; i < 1000; i++) env.stdout.write("x".repeat(1000) + "\n");
    env.stderr.write("all written\n");
    break;
}

/** What a value is, or why there is none. */
function tell(value: () => string): void {
  try {
    env.stdout.write(value());
  } catch (error) {
    if (!(error instanceof TowerError)) throw error;
    env.stdout.write(error.message);
  }
}
