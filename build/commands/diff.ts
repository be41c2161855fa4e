import { Command } from "@commander-js/extra-typings";
import type { Env } from "../../lib/env.ts";
import { resolve } from "@std/path";
import type { Ending } from "../../lib/program/ending.ts";

/** `diff`: what two builds differ in. */
export function diffCommand(env: Env, ending: Ending) {
  return new Command("diff")
    .description("Tell what two builds differ in: packages, files, services, sizes and more.")
    .argument("<before>", "folder with a record.json, a record, or an image beside its record")
    .argument("<after>", "the same of the other build")
    .option("--exit-code", "end with 1 where they differ", false)
    .option("--json", "the result as JSON", false)
    .action(async (before, after, options) => {
      const { readComparedBuild } = await import("../release/compared_build.ts");
      const { reporterFor } = await import("../../lib/program/reporter.ts");
      const { silent } = await import("../../lib/report/event.ts");
      const { telling } = await import("../../lib/report/telling.ts");
      const { compareBuilds } = await import("../supply/compare.ts");
      const { formatDifference } = await import("../supply/difference_text.ts");
      const read = (path: string) => readComparedBuild(resolve(env.cwd, path), env.signal);
      const compare = async () => compareBuilds(await read(before), await read(after));
      using reporter = options.json ? undefined : reporterFor(env, false);
      const difference = await telling(reporter ?? silent, "Compare the builds", compare);
      env.stdout.write(
        options.json ? JSON.stringify(difference) + "\n" : formatDifference(difference),
      );
      if (options.exitCode && !difference.isSame) ending.code = 1;
    });
}
