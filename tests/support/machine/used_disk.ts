import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { openDisk } from "../../../lib/files/disk_file.ts";
import { emptyDisk } from "./encrypted_host.ts";

const runner = denoRunner();

/** Programs that {@linkcode diskWith} takes. */
export const DISK_TOOLS = ["sfdisk", "mkfs.ext4"] as const;

/** A disk with what a real tool, or nobody known, wrote on it. */
export type Contents = "nothing" | "a partition table" | "a file system" | "unknown data";

/** A disk that somebody had. */
export async function diskWith(
  folder: string,
  name: string,
  contents: Contents,
  mib: number,
): Promise<string> {
  const path = emptyDisk(folder, name, mib);
  if (contents === "a partition table") {
    const stdin = new TextEncoder().encode("label: gpt\n,,L\n");
    await runner.run({ argv: ["sfdisk", "--quiet", path], stdin });
  } else if (contents === "a file system") {
    await runner.run({ argv: ["mkfs.ext4", "-q", "-F", path] });
  } else if (contents === "unknown data") {
    using disk = openDisk(path);
    disk.writeAt(600_000, new TextEncoder().encode("somebody's"));
  }
  return path;
}
