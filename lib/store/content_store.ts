import { hashFile } from "./artifact_file.ts";
import { asDigest, type Digest } from "../brand.ts";
import type { ByteSource } from "../format/bytes.ts";
import { digestFromHex, digestOf, hexOf } from "../format/digest.ts";
import { attempt, fileError, isMissing } from "./file_error.ts";
import { FileBlobWriter } from "./blob_writer.ts";
import { makeFolders } from "./folders.ts";
import { OpenBlobs } from "./open_blobs.ts";
import type { BlobWriter, ContentStore } from "./ports.ts";
import { removeStaleFolders, SessionFolder } from "./session_folder.ts";
import { publish, removeIfThere, sizeOfFile, writeAll } from "./whole_file.ts";

/** A content store in a folder. Disposing it closes its files and removes its unfinished ones. */
export interface FileStore extends ContentStore, Disposable {
  readonly folder: string;
  /** Bytes of a blob as it is on disk, or undefined. A power cut may have cut it short. */
  sizeOf(blob: Digest): number | undefined;
  /** Removes a blob. It stays readable for those who have it open. */
  remove(blob: Digest): void;
  /** Hashes every blob again; returns the names of those whose bytes changed. */
  verify(): Digest[];
}

/**
 * Opens the store in a folder and makes it where it is missing:
 * `blobs/sha256/ab/cdef…`, `notes/KIND/NAME.json` and `tmp/`.
 *
 * Many processes may use it at once: a file gets its name by rename(2) when it is whole. Only
 * small blobs are flushed to the disk (fsync); a bulk writer's blob may be short after a power
 * cut, never wrong in the bytes that it has, and is written anew by the next commit of the same
 * content. All of it can be fetched and computed again.
 */
export function openStore(folder: string): FileStore {
  attempt("make the content store", folder, () => {
    for (const part of ["blobs/sha256", "notes", "tmp"]) makeFolders(`${folder}/${part}`);
    removeStaleFolders(`${folder}/tmp`);
  });
  return new FolderStore(folder);
}

class FolderStore implements FileStore {
  readonly folder: string;
  readonly #blobs = new OpenBlobs((digest) => this.#pathOf(digest));
  #session: SessionFolder | undefined;

  constructor(folder: string) {
    this.folder = folder;
  }

  has(blob: Digest): boolean {
    return this.sizeOf(blob) !== undefined;
  }

  sizeOf(blob: Digest): number | undefined {
    return sizeOfFile(this.#pathOf(blob));
  }

  open(blob: Digest): ByteSource {
    return this.#blobs.source(blob);
  }

  put(bytes: Uint8Array): Digest {
    const digest = digestOf(bytes);
    const path = this.#pathOf(digest);
    if (sizeOfFile(path) !== bytes.length) this.#writeFile(path, bytes, 0o444, "flush");
    return digest;
  }

  writer(): BlobWriter {
    return new FileBlobWriter(this.#temporary(), (digest) => this.#pathOf(digest));
  }

  remove(blob: Digest): void {
    this.#blobs.close(blob);
    const path = this.#pathOf(blob);
    attempt("remove", path, () => removeIfThere(path));
  }

  readNote(kind: string, name: string): unknown | undefined {
    const path = this.#notePath(kind, name);
    try {
      return JSON.parse(Deno.readTextFileSync(path));
    } catch (error) {
      // A note that a power cut emptied is a note that was never written.
      if (isMissing(error) || error instanceof SyntaxError) return undefined;
      throw fileError("read", path, error);
    }
  }

  writeNote(kind: string, name: string, value: unknown): void {
    const bytes = new TextEncoder().encode(JSON.stringify(value));
    this.#writeFile(this.#notePath(kind, name), bytes, 0o644);
  }

  verify(): Digest[] {
    const root = `${this.folder}/blobs/sha256`;
    const damaged: Digest[] = [];
    for (const start of namesIn(root)) {
      for (const rest of namesIn(`${root}/${start}`)) {
        const digest = digestFromHex(start + rest);
        if (hashFile(`${root}/${start}/${rest}`) !== digest) damaged.push(digest);
      }
    }
    return damaged;
  }

  [Symbol.dispose](): void {
    this.#blobs[Symbol.dispose]();
    this.#session?.[Symbol.dispose]();
    this.#session = undefined;
  }

  #writeFile(path: string, bytes: Uint8Array, mode: number, flush?: "flush"): void {
    const temporary = this.#temporary();
    try {
      using file = Deno.openSync(temporary, { write: true, createNew: true });
      writeAll(file, bytes);
      if (flush) file.syncDataSync();
      publish(temporary, path, mode);
    } catch (cause) {
      removeIfThere(temporary);
      throw fileError("write", path, cause);
    }
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
    return `${this.folder}/notes/${kind}/${file}.json`;
  }
}

function namesIn(folder: string): string[] {
  return attempt("list", folder, () => Array.from(Deno.readDirSync(folder), (e) => e.name)).sort();
}
