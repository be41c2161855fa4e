import { hashFile } from "../files/artifact_file.ts";
import { asDigest, type Digest } from "../brand.ts";
import type { ByteSource } from "../bytes/bytes.ts";
import { digestFromHex, digestOf, hexOf } from "../bytes/digest.ts";
import { TowerError } from "../errors.ts";
import { attempt, fileError } from "../files/file_error.ts";
import { FileBlobWriter } from "./blob_writer.ts";
import { isFolder } from "../files/files.ts";
import { makeFolders } from "../files/folders.ts";
import { formatKept, parseKept } from "./kept_bytes.ts";
import { OpenBlobs } from "./open_blobs.ts";
import { readOwnIfThere } from "../files/own_file.ts";
import { type Reporter, silent } from "../report/event.ts";
import { formatNote, parseNote } from "./note_text.ts";
import type { BlobWriter, ContentStore } from "./ports.ts";
import { removeStaleFolders, SessionFolder } from "../files/session_folder.ts";
import { noteUse } from "./use_times.ts";
import { publish, removeIfThere, sizeOfFile, writeAll } from "../files/whole_file.ts";

/** Most bytes of a note: those of a large package's files have a few MiB. */
const MOST_NOTE = 256 << 20;

/** A content store in a folder. Disposing it closes its files and removes its unfinished ones. */
export interface FileStore extends ContentStore, Disposable {
  readonly folder: string;
  /** Bytes of a blob as it is on disk, or undefined. A power cut may have cut it short. */
  sizeOf(blob: Digest): number | undefined;
  /** Removes a blob. It stays readable for those who have it open. */
  remove(blob: Digest): void;
  /** Bytes of a blob, as {@linkcode sizeOf}, and the values of all notes of a kind: looking is no use of them. */
  heldSize(blob: Digest): number | undefined;
  heldNotes(kind: string): unknown[];
  /** Hashes every blob again; returns the names of those whose bytes changed. */
  verify(): Digest[];
}

/**
 * Opens the store in a folder and makes it where it is missing:
 * `blobs/sha256/ab/cdef…`, `notes/KIND/NAME.note`, `tmp/` and `use.lock`. The time of a file tells
 * when it was used last (`use_times.ts`); `tower-build clean` takes out what was not for long.
 *
 * Many processes may use it at once: a file gets its name by rename(2) when it is whole. Nothing
 * is flushed to the disk (fsync(2)): what is new may be short or wrong after a power cut.
 * Nothing in it is believed because of its name: contents are hashed again where they leave it
 * (`lib/tree/content.ts`), notes carry their own digest, and whatever is written replaces what is
 * there. All of it can be fetched and computed again.
 *
 * @param reporter is told of notes and blobs that were damaged; nobody by default
 */
export function openStore(folder: string, reporter: Reporter = silent): FileStore {
  attempt("make the content store", folder, () => {
    for (const part of ["blobs/sha256", "notes", "tmp"]) makeFolders(`${folder}/${part}`);
    removeStaleFolders(`${folder}/tmp`);
  });
  return new FolderStore(folder, reporter);
}

class FolderStore implements FileStore {
  readonly folder: string;
  readonly #blobs = new OpenBlobs((digest) => this.#pathOf(digest));
  readonly #reporter: Reporter;
  /** Blobs whose use was noted. */
  readonly #used = new Set<Digest>();
  #session: SessionFolder | undefined;

  constructor(folder: string, reporter: Reporter) {
    this.folder = folder;
    this.#reporter = reporter;
  }

  has(blob: Digest): boolean {
    return this.sizeOf(blob) !== undefined;
  }

  sizeOf(blob: Digest): number | undefined {
    this.#used.add(blob);
    return this.#use(this.#pathOf(blob));
  }

  open(blob: Digest): ByteSource {
    if (!this.#used.has(blob)) this.sizeOf(blob);
    return this.#blobs.source(blob);
  }

  put(bytes: Uint8Array): Digest {
    const digest = digestOf(bytes);
    const path = this.#pathOf(digest);
    if (this.sizeOf(digest) === bytes.length) {
      if (hashFile(path) === digest) return digest;
      this.#warn(`blob "${digest}"`, "it is written anew");
    }
    this.#blobs.close(digest);
    this.#writeFile(path, bytes, 0o444);
    return digest;
  }

  writer(): BlobWriter {
    return new FileBlobWriter(this.#temporary(), (digest) => {
      this.#blobs.close(digest);
      // What lies there already must not be removed as unused after it was written anew.
      this.sizeOf(digest);
      return this.#pathOf(digest);
    });
  }

  remove(blob: Digest): void {
    this.#blobs.close(blob);
    const path = this.#pathOf(blob);
    attempt("remove", path, () => removeIfThere(path));
  }

  readNote(kind: string, name: string): unknown | undefined {
    const path = this.#notePath(kind, name);
    this.#use(path);
    const bytes = noteBytesIn(path);
    // A note that a power cut emptied is a note that was never written.
    if (bytes === undefined || bytes.length === 0) return undefined;
    const note = parseNote({ kind, name }, new TextDecoder().decode(bytes));
    if (note === undefined) this.#warn(`note "${path}"`, "it is made anew");
    return note?.value;
  }

  heldSize(blob: Digest): number | undefined {
    return sizeOfFile(this.#pathOf(blob));
  }

  heldNotes(kind: string): unknown[] {
    const folder = `${this.folder}/notes/${kind}`;
    const files = isFolder(folder) ? namesIn(folder) : [];
    return files.flatMap((file) => {
      const name = nameOfNote(file);
      const bytes = name === undefined ? undefined : noteBytesIn(`${folder}/${file}`);
      if (bytes === undefined) return [];
      const note = parseNote({ kind, name: name! }, new TextDecoder().decode(bytes));
      return note === undefined ? [] : [note.value];
    });
  }

  writeNote(kind: string, name: string, value: unknown): void {
    const bytes = new TextEncoder().encode(formatNote({ kind, name }, value));
    this.#writeFile(this.#notePath(kind, name), bytes, 0o644);
  }

  async recall(kind: string, name: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const path = this.#notePath(kind, name);
    this.#use(path);
    const file = noteBytesIn(path);
    if (file === undefined || file.length === 0) return undefined;
    const bytes = await parseKept({ kind, name }, file);
    if (bytes === undefined) this.#warn(`note "${path}"`, "it is made anew");
    return bytes;
  }

  async remember(kind: string, name: string, bytes: Uint8Array): Promise<void> {
    this.#writeFile(this.#notePath(kind, name), await formatKept({ kind, name }, bytes), 0o644);
  }

  isWhole(blob: Digest): boolean {
    const path = this.#pathOf(blob);
    return sizeOfFile(path) !== undefined && hashFile(path) === blob;
  }

  verify(): Digest[] {
    const root = `${this.folder}/blobs/sha256`;
    return namesIn(root).flatMap((start) =>
      namesIn(`${root}/${start}`).map((rest) => digestFromHex(start + rest))
    ).filter((blob) => !this.isWhole(blob));
  }

  [Symbol.dispose](): void {
    this.#blobs[Symbol.dispose]();
    this.#session?.[Symbol.dispose]();
    this.#session = undefined;
  }

  #use(path: string): number | undefined {
    return attempt("look at", path, () => noteUse(path, this.folder));
  }

  #writeFile(path: string, bytes: Uint8Array, mode: number): void {
    const temporary = this.#temporary();
    try {
      using file = Deno.openSync(temporary, { write: true, createNew: true });
      writeAll(file, bytes);
      this.#use(path);
      publish(temporary, path, mode);
    } catch (cause) {
      removeIfThere(temporary);
      throw fileError("write", path, cause);
    }
  }

  #warn(what: string, remedy: string): void {
    const message = `${what} of the store was damaged: ${remedy}`;
    this.#reporter.report({ type: "warning", message });
  }

  #temporary(): string {
    const parent = `${this.folder}/tmp`;
    this.#session ??= attempt("write into", parent, () => SessionFolder.create(parent));
    return this.#session.next();
  }

  #pathOf(blob: Digest): string {
    if (asDigest(blob) === undefined) throw new RangeError(`Cannot name a blob "${blob}"`);
    const hex = hexOf(blob);
    return `${this.folder}/blobs/sha256/${hex.slice(0, 2)}/${hex.slice(2)}`;
  }

  #notePath(kind: string, name: string): string {
    const file = encodeURIComponent(name);
    if (!/^[a-z][a-z0-9-]*$/.test(kind) || /^\.*$/.test(file) || file.length > 240) {
      throw new RangeError(`Cannot name a note "${kind}/${name}"`);
    }
    return `${this.folder}/notes/${kind}/${file}.note`;
  }
}

/** The name of a note by its file's; undefined for a file that is none. */
function nameOfNote(file: string): string | undefined {
  try {
    const name = decodeURIComponent(file.replace(/\.note$/, ""));
    return `${encodeURIComponent(name)}.note` === file ? name : undefined;
  } catch {
    return undefined;
  }
}

/** A note's file; undefined for what is none, or too large to be one. */
function noteBytesIn(path: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return readOwnIfThere(path, MOST_NOTE);
  } catch (error) {
    const isNone = error instanceof TowerError && ["limit", "not-found"].includes(error.code);
    if (!isNone) throw error;
    return undefined;
  }
}

function namesIn(folder: string): string[] {
  return attempt("list", folder, () => Array.from(Deno.readDirSync(folder), (e) => e.name)).sort();
}
