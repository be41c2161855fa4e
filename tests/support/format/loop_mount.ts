import { join } from "@std/path";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { emptyTree, makeImage } from "./ext4_image.ts";
import { tempFolder } from "../program/file_sink.ts";

const runner = denoRunner();

/** An image that the kernel has mounted; ends with its owner. */
export interface Mount extends AsyncDisposable {
  readonly path: string;
}

/** Mounts an image through a loop device. @throws {TowerError} `tool` where that is not allowed */
export async function mountImage(image: string, mode: "ro" | "rw"): Promise<Mount> {
  const path = await Deno.makeTempDir({ prefix: "tower-mount-" });
  try {
    await runner.run({ argv: ["mount", "-t", "ext4", "-o", `loop,${mode}`, image, path] });
  } catch (error) {
    await Deno.remove(path);
    throw error;
  }
  return {
    path,
    async [Symbol.asyncDispose]() {
      await runner.run({ argv: ["umount", path] });
      await Deno.remove(path);
    },
  };
}

/** Why the kernel cannot mount an image here, or "" when it can. */
export async function whyNoMount(): Promise<string> {
  if (Deno.uid() !== 0) return "mounting needs root";
  using folder = tempFolder();
  const image = join(folder.path, "probe.img");
  await makeImage(image, emptyTree());
  try {
    await using _ = await mountImage(image, "ro");
    return "";
  } catch {
    return "this machine does not mount loop devices";
  }
}
