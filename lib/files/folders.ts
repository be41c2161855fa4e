import { TowerError } from "../errors.ts";
import { NO_WRITING_HINT } from "./file_error.ts";

/** Makes one folder, mode 0755 whatever the umask. @throws as `mkdir` does. */
export function makeFolder(path: string): void {
  Deno.mkdirSync(path);
  Deno.chmodSync(path, 0o755);
}

/** Makes a folder and those above it where they are missing. */
export function makeFolders(path: string): void {
  try {
    makeFolder(path);
  } catch (error) {
    const parent = parentFolder(path);
    if (error instanceof Deno.errors.NotFound && parent !== path) {
      // Of the kernel's own file systems, such as /proc, which say so of what nobody can make.
      if (isThere(parent)) {
        const message = `Cannot make the folder "${path}": none can be made in "${parent}"`;
        throw new TowerError("permission", message, { hint: NO_WRITING_HINT });
      }
      makeFolders(parent);
      makeFolders(path);
    } else if (!(error instanceof Deno.errors.AlreadyExists) || !isFolder(path)) throw error;
  }
}

/** The folder that holds a path. */
export function parentFolder(path: string): string {
  const slash = path.replace(/\/+$/, "").lastIndexOf("/");
  return slash < 0 ? "." : slash === 0 ? "/" : path.slice(0, slash);
}

function isThere(path: string): boolean {
  try {
    return isFolder(path);
  } catch {
    return false;
  }
}

function isFolder(path: string): boolean {
  return Deno.statSync(path).isDirectory;
}
