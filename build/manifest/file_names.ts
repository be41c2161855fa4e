import { OWN_FILES } from "../../lib/release/file_names.ts";

/** Whether a build of the system needs this name itself. */
export function isOwnFile(system: string, file: string): boolean {
  return OWN_FILES.includes(file) || file.endsWith(".tree.json") && file.startsWith(`${system}.`) ||
    file.endsWith(".lock.json");
}
