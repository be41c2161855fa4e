import type { Digest } from "../brand.ts";
import type { ByteSource } from "../bytes/bytes.ts";
import { damaged } from "../tree/content.ts";
import { requireFile } from "../files/regular_file.ts";
import { attempt, fileError, isMissing } from "../files/file_error.ts";

/** Most descriptors kept open; a process may have 1024 by default (getrlimit(2)). */
const MOST_OPEN = 64;

interface OpenBlob {
  readonly file: Deno.FsFile;
  readonly size: number;
  /** Where the next read starts without a seek. */
  position: number;
}

/** Blobs open for reading: the least recently used is closed when there are too many. */
export class OpenBlobs implements Disposable {
  readonly #open = new Map<Digest, OpenBlob>();
  readonly #pathOf: (digest: Digest) => string;

  constructor(pathOf: (digest: Digest) => string) {
    this.#pathOf = pathOf;
  }

  source(digest: Digest): ByteSource {
    const { size } = this.#get(digest);
    return {
      size,
      readAt: (offset, into) => {
        if (offset >= size || into.length === 0) return 0;
        return this.#read(digest, offset, into.subarray(0, size - offset));
      },
    };
  }

  /** Closes a blob's descriptor, if it is open. */
  close(digest: Digest): void {
    this.#open.get(digest)?.file.close();
    this.#open.delete(digest);
  }

  [Symbol.dispose](): void {
    for (const { file } of this.#open.values()) file.close();
    this.#open.clear();
  }

  #read(digest: Digest, offset: number, into: Uint8Array): number {
    const blob = this.#get(digest);
    const n = attempt("read blob", digest, () => {
      if (blob.position !== offset) blob.file.seekSync(offset, Deno.SeekMode.Start);
      return blob.file.readSync(into) ?? 0;
    });
    blob.position = offset + n;
    if (n > 0) return n;
    throw damaged(digest, `it ends before byte ${offset + 1} of ${blob.size}`);
  }

  #get(digest: Digest): OpenBlob {
    let blob = this.#open.get(digest);
    if (blob) this.#open.delete(digest); // and put it back as the most recently used
    else {
      blob = openBlob(digest, this.#pathOf(digest));
      for (const oldest of this.#open.keys()) {
        if (this.#open.size < MOST_OPEN) break;
        this.close(oldest);
      }
    }
    this.#open.set(digest, blob);
    return blob;
  }
}

function openBlob(digest: Digest, path: string): OpenBlob {
  try {
    // A FIFO in its place would be waited for.
    requireFile(path, Deno.statSync(path));
    const file = Deno.openSync(path);
    return { file, size: file.statSync().size, position: 0 };
  } catch (cause) {
    if (!isMissing(cause)) throw fileError("open blob", path, cause);
    throw damaged(digest, "it is gone");
  }
}
