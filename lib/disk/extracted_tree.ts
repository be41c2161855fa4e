import { createArtifact } from "../files/artifact_file.ts";
import { attempt } from "../files/file_error.ts";
import { makeFolders, parentFolder } from "../files/folders.ts";
import { refuseWhatIsThere } from "../files/new_folder.ts";
import { removeStaleFolders, SessionFolder } from "../files/session_folder.ts";
import { syncFolder, writeAll } from "../files/whole_file.ts";
import type { Breathe } from "../breathe.ts";
import { TowerError } from "../errors.ts";
import { piecesOf } from "../tree/content.ts";
import {
  type Content,
  type ContentReader,
  type Entry,
  type FileEntry,
  sizeOf,
} from "../tree/entry.ts";
import type { FileTree } from "../tree/file_tree.ts";
import { dataRuns } from "./flash.ts";

const CHUNK = 1 << 20;
/** Paths that a message names. */
const MOST_NAMED = 4;
/** What utimensat(2) of every file system takes. */
const MOST_TIME = 2 ** 32 - 1;

/** Files of an image. */
export interface ImageFiles {
  readonly tree: FileTree;
  readonly contents: ContentReader;
}

/**
 * Writes a file of an image to a new file of this user's, without setuid and setgid.
 * @throws {TowerError} `conflict` where something is; `no-space`, `permission`
 */
export async function extractFile(
  { mode, mtime, content }: FileEntry,
  contents: ContentReader,
  output: string,
  breathe: Breathe,
): Promise<void> {
  attempt("write", output, () => refuseWhatIsThere("write", output));
  using file = createArtifact(output);
  await writeContent(content, contents, (at, bytes) => file.writeAt(at, bytes), breathe);
  file.setSize(sizeOf(content));
  attempt("write", output, () => {
    Deno.utimeSync(file.temporary, time(mtime), time(mtime));
    // Another one may have written it meanwhile.
    refuseWhatIsThere("write", output);
  });
  await file.commit(mode & 0o777);
}

/**
 * Writes a folder of an image, with all below it, to a new folder of this user's: whole or not at all,
 * and nothing outside of it. Links are written as they are, wherever they lead. Owners, attributes,
 * setuid and setgid stay behind: only root could give them.
 *
 * @param from The folder's path in the tree.
 * @throws {TowerError} `unsupported` for devices and pipes, before anything is written; `conflict` where
 * something is; `no-space`, `permission`
 */
export async function extractFolder(
  files: ImageFiles,
  from: string,
  output: string,
  breathe: Breathe,
): Promise<void> {
  await refuseDevices(files.tree, from, breathe);
  const parent = parentFolder(output);
  const prefix = `.${output.slice(output.lastIndexOf("/") + 1)}.new-`;
  using folder = attempt("make folder", output, () => {
    refuseWhatIsThere("make folder", output);
    makeFolders(parent);
    removeStaleFolders(parent, prefix);
    return SessionFolder.create(parent, prefix);
  });
  const writer = new FolderWriter(files, from, folder.path);
  for (const entry of files.tree.walk(from)) {
    await writer.write(entry, breathe);
    await breathe();
  }
  try {
    attempt("make folder", output, () => {
      writer.finish();
      refuseWhatIsThere("make folder", output);
      Deno.renameSync(folder.path, output);
      syncFolder(parent);
    });
  } catch (error) {
    // Out of closed directories nobody but root removes a thing.
    writer.reopen();
    throw error;
  }
}

async function refuseDevices(tree: FileTree, from: string, breathe: Breathe): Promise<void> {
  const refused: string[] = [];
  for (const { type, path } of tree.walk(from)) {
    if (type === "char" || type === "block" || type === "fifo") refused.push(`"/${path}"`);
    await breathe();
  }
  if (refused.length === 0) return;
  const named = refused.slice(0, MOST_NAMED).join(", ");
  const others = refused.length > MOST_NAMED ? ` and ${refused.length - MOST_NAMED} more` : "";
  throw new TowerError(
    "unsupported",
    `Cannot extract "/${from}": devices and pipes are in it: ${named}${others}`,
    { hint: "extract folders without them; tower-build show-tree lists them all" },
  );
}

/** Fills a folder; a tree's walk has each directory before what it holds. */
class FolderWriter {
  readonly #files: ImageFiles;
  readonly #from: string;
  readonly #folder: string;
  /** Directories get their modes and times last: one may be closed to its owner. */
  readonly #directories: Entry[] = [];
  /** Where files were written, by their path in the tree. */
  readonly #written = new Map<string, string>();

  constructor(files: ImageFiles, from: string, folder: string) {
    this.#files = files;
    this.#from = from;
    this.#folder = folder;
  }

  async write(entry: Entry, breathe: Breathe): Promise<void> {
    const path = this.#placeOf(entry.path);
    switch (entry.type) {
      case "directory":
        if (entry.path !== this.#from) {
          attempt("make folder", path, () => Deno.mkdirSync(path, { mode: 0o700 }));
        }
        this.#directories.push(entry);
        return;
      case "symlink":
        return attempt("write", path, () => Deno.symlinkSync(entry.target, path));
      case "hardlink":
        return await this.#writeName(
          path,
          this.#files.tree.get(entry.target) as FileEntry,
          breathe,
        );
      case "file":
        return await this.#writeName(path, entry, breathe);
      default:
        throw new TowerError(
          "unsupported",
          `Cannot extract "/${entry.path}": it is a ${entry.type}`,
        );
    }
  }

  /** Gives directories their modes, the innermost first. */
  finish(): void {
    for (const { path, mode, mtime } of this.#directories.toReversed()) {
      const place = this.#placeOf(path);
      Deno.utimeSync(place, time(mtime), time(mtime));
      Deno.chmodSync(place, mode & 0o777);
    }
  }

  /** Takes modes back, the outermost first. */
  reopen(): void {
    for (const { path } of this.#directories) {
      attempt("open", this.#folder, () => Deno.chmodSync(this.#placeOf(path), 0o700));
    }
  }

  #placeOf(path: string): string {
    const below = this.#from === "" ? path : path.slice(this.#from.length + 1);
    return below === "" ? this.#folder : `${this.#folder}/${below}`;
  }

  /** Writes a file under the first of its names that comes, and links the others to that. */
  async #writeName(path: string, file: FileEntry, breathe: Breathe): Promise<void> {
    const known = this.#written.get(file.path);
    if (known !== undefined) return attempt("write", path, () => Deno.linkSync(known, path));
    await this.#writeFile(path, file, breathe);
    this.#written.set(file.path, path);
  }

  async #writeFile(path: string, { content, mode, mtime }: FileEntry, breathe: Breathe) {
    using file = attempt("write", path, () => {
      return Deno.openSync(path, { write: true, createNew: true, mode: 0o600 });
    });
    const write = (at: number, bytes: Uint8Array) =>
      attempt("write", path, () => {
        file.seekSync(at, Deno.SeekMode.Start);
        writeAll(file, bytes);
      });
    await writeContent(content, this.#files.contents, write, breathe);
    attempt("write", path, () => {
      file.truncateSync(sizeOf(content));
      file.utimeSync(time(mtime), time(mtime));
      Deno.chmodSync(path, mode & 0o777);
    });
  }
}

/** Writes a content but for its blocks of zeros, which are left as holes. */
async function writeContent(
  content: Content,
  contents: ContentReader,
  write: (at: number, bytes: Uint8Array) => void,
  breathe: Breathe,
): Promise<void> {
  let at = 0;
  for (const piece of piecesOf(contents, content, new Uint8Array(CHUNK))) {
    for (const { start, end } of dataRuns(piece)) write(at + start, piece.subarray(start, end));
    at += piece.length;
    await breathe();
  }
}

function time(seconds: number): number {
  return Math.min(Math.max(seconds, 0), MOST_TIME);
}
