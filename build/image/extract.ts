import { join } from "@std/path";
import { extractFile, extractFolder } from "../../lib/disk/extracted_tree.ts";
import type { Env } from "../../lib/env.ts";
import { TowerError } from "../../lib/errors.ts";
import { volumeAt } from "../../lib/image/open_image.ts";
import { pathIn } from "../../lib/image/path_in.ts";
import { reporterFor } from "../../lib/program/reporter.ts";
import { telling } from "../../lib/report/telling.ts";
import { nameOf } from "../../lib/tree/file_tree.ts";
import { openNamedImage } from "./opened_image.ts";

/** What is asked of `extract`. */
export interface Extraction {
  readonly image: string;
  readonly partition: string | undefined;
  /** In the image. */
  readonly path: string;
  /** Where it is written: absolute; undefined for its own name in the working folder. */
  readonly output: string | undefined;
}

/**
 * Writes a file or a folder of an image to this machine. Links are followed to what is asked for, and
 * written as they are below it.
 *
 * @throws {TowerError} `not-found`, `conflict`, `unsupported`, `usage`
 */
export async function extractFromImage(
  { image, partition, path, output }: Extraction,
  env: Env,
): Promise<void> {
  using reporter = reporterFor(env, false);
  await telling(reporter, "Extract from the image", async () => {
    using opened = await openNamedImage(image, partition, env);
    const { tree, contents } = volumeAt(opened.place, image);
    const found = pathIn(tree, path, image);
    const place = output ?? join(env.cwd, ownName(path));
    const { breathe } = opened.ports;
    const file = tree.file(found);
    if (file !== undefined) return await extractFile(file, contents, place, breathe);
    const entry = tree.get(tree.resolve(found) ?? found);
    if (entry?.type === "directory") {
      return await extractFolder({ tree, contents }, entry.path, place, breathe);
    }
    const what = entry?.type === "symlink" ? "a link that leads nowhere" : `a ${entry?.type}`;
    throw new TowerError("unsupported", `Cannot extract "${path}" of "${image}": it is ${what}`);
  });
}

/** What something is called that is written under its own name. */
function ownName(path: string): string {
  const name = nameOf(path.replace(/\/+$/, ""));
  if (name !== "" && name !== "." && name !== "..") return name;
  throw new TowerError("usage", `Cannot extract "${path}": it has no name of its own`, {
    hint: "name the folder that is made by --output",
  });
}
