import { bmapFile, imageFile, OWN_FILES, treeFile } from "../../lib/release/file_names.ts";
import type { OutputSpec } from "./schema.ts";

/** The files that an output makes. */
export function filesOf(spec: OutputSpec): string[] {
  if (spec.kind !== "disk") return [spec.file];
  const image = imageFile(spec.file, spec.compression);
  return [image, bmapFile(image)];
}

/** Whether a build of the system needs this name itself. */
export function isOwnFile(system: string, file: string): boolean {
  return OWN_FILES.includes(file) || file === treeFile(system) || file.endsWith(".lock.json");
}
