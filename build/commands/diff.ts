import { Command } from "@commander-js/extra-typings";
import type { Env } from "../../lib/env.ts";
import { helpEnd } from "../../lib/program/help_layout.ts";
import { resolve } from "@std/path";
import type { Ending } from "../../lib/program/ending.ts";

/** `diff`: what two builds, or what is in two images, differ in. */
export function diffCommand(env: Env, ending: Ending) {
  return new Command("diff")
    .description(
      "Tell what two builds differ in: packages, files, services, sizes and more; or two images.",
    )
    .argument("<before>", "folder with a record.json, a record, or an image")
    .argument("<after>", "the same of the other one")
    .option("--contents", "compare what images hold, whatever records lie beside them", false)
    .option("--exit-code", "end with 1 where they differ", false)
    .option("--json", "the result as JSON", false)
    .addHelpText(
      "after",
      helpEnd(
        "Images of any maker are compared by their files, and so are all without a record " +
          "beside them: disks partition by partition, or what colons lead to " +
          "(card.img:root, medium.iso:/initramfs). Contents, types, modes, owners, links " +
          "and attributes count, times do not.",
      ),
    )
    .action(async (before, after, options) => {
      const { areImages } = await import("../release/compared_build.ts");
      const { reporterFor } = await import("../../lib/program/reporter.ts");
      const { silent } = await import("../../lib/report/event.ts");
      const { telling } = await import("../../lib/report/telling.ts");
      using reporter = options.json ? undefined : reporterFor(env, false);
      const tell = <T>(title: string, work: () => Promise<T>) =>
        telling(reporter ?? silent, title, work);
      const isImages = areImages([before, after], options.contents, env.cwd);
      const { difference, text } = isImages
        ? await tell("Compare the images", () => imageDifference(before, after, env))
        : await tell("Compare the builds", () => buildDifference(before, after, env));
      env.stdout.write(options.json ? JSON.stringify(difference) + "\n" : text());
      if (options.exitCode && !difference.isSame) ending.code = 1;
    });
}

async function buildDifference(before: string, after: string, env: Env) {
  const { readComparedBuild } = await import("../release/compared_build.ts");
  const { compareBuilds } = await import("../supply/compare.ts");
  const { formatDifference } = await import("../supply/difference_text.ts");
  const read = (path: string) => readComparedBuild(resolve(env.cwd, path), env.signal);
  const difference = compareBuilds(await read(before), await read(after));
  return { difference, text: () => formatDifference(difference) };
}

async function imageDifference(before: string, after: string, env: Env) {
  const { openNamedImage } = await import("../image/opened_image.ts");
  const { compareImages } = await import("../supply/compare_images.ts");
  const { formatImageDifference } = await import("../supply/image_difference_text.ts");
  using old = await openNamedImage(before, undefined, env);
  using now = await openNamedImage(after, undefined, env);
  const difference = await compareImages(old, now);
  return { difference, text: () => formatImageDifference(difference) };
}
