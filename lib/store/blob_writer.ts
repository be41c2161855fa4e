import { createHash } from "node:crypto";
import type { Digest } from "../brand.ts";
import { digestFromHex } from "../bytes/digest.ts";
import { attempt } from "../files/file_error.ts";
import type { BlobWriter } from "./ports.ts";
import { publish, removeIfThere, writeAll } from "../files/whole_file.ts";

/** Writes a blob into a temporary file that `commit` names. */
export class FileBlobWriter implements BlobWriter {
  readonly #temporary: string;
  readonly #pathOf: (digest: Digest) => string;
  readonly #hash = createHash("sha256");
  readonly #file: Deno.FsFile;
  #size = 0;
  #isOpen = true;

  constructor(temporary: string, pathOf: (digest: Digest) => string) {
    this.#temporary = temporary;
    this.#pathOf = pathOf;
    this.#file = attempt(
      "write",
      temporary,
      () => Deno.openSync(temporary, { write: true, createNew: true }),
    );
  }

  write(bytes: Uint8Array): void {
    attempt("write", this.#temporary, () => writeAll(this.#file, bytes));
    this.#hash.update(bytes);
    this.#size += bytes.length;
  }

  commit(): { digest: Digest; size: number } {
    const digest = digestFromHex(this.#hash.digest("hex"));
    const size = this.#size;
    const path = this.#pathOf(digest);
    this.#close();
    attempt("write", path, () => {
      // Also over one that is there: nobody has looked whether its bytes are still right.
      publish(this.#temporary, path, 0o444);
    });
    return { digest, size };
  }

  discard(): void {
    if (!this.#isOpen) return;
    this.#close();
    attempt("remove", this.#temporary, () => removeIfThere(this.#temporary));
  }

  #close(): void {
    this.#isOpen = false;
    this.#file.close();
  }
}
