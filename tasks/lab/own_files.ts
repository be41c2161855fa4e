import { join } from "@std/path";
import { compareBytes } from "../../lib/bytes/bytes.ts";
import { SCRIPT_KINDS, type ScriptKind } from "../../lib/apk/types.ts";

/** A file that we wrote, for a package. */
export interface OwnFile {
  readonly path: string;
  readonly mode: number;
  readonly content: Uint8Array;
}

/** What tasks/lab/packages/NAME holds: files by path, and scripts as `.post-install` and so on. */
export interface OwnFiles {
  readonly files: readonly OwnFile[];
  readonly scripts: ReadonlyMap<ScriptKind, Uint8Array>;
}

/** Reads a folder of our own files, ordered by path. Files that begin with `#!` are 0755. */
export function readOwnFiles(folder: string): OwnFiles {
  const files: OwnFile[] = [];
  const scripts = new Map<ScriptKind, Uint8Array>();
  for (const path of walk(folder, "").sort(compareBytes)) {
    const content = Deno.readFileSync(join(folder, path));
    const script = SCRIPT_KINDS.find((kind) => path === `.${kind}`);
    if (script) scripts.set(script, content);
    else files.push({ path, mode: isScript(content) ? 0o755 : 0o644, content });
  }
  return { files, scripts };
}

function isScript(content: Uint8Array): boolean {
  return content[0] === 0x23 && content[1] === 0x21;
}

function walk(root: string, below: string): string[] {
  try {
    return [...Deno.readDirSync(join(root, below))].flatMap((item) => {
      const path = below === "" ? item.name : `${below}/${item.name}`;
      return item.isDirectory ? walk(root, path) : [path];
    });
  } catch (error) {
    if (error instanceof Deno.errors.NotFound && below === "") return [];
    throw error;
  }
}
