/** Compresses bytes that come in order. Disposing one that did not end stops its program. */
export interface Packer extends AsyncDisposable {
  /** What compresses, with its version, for the record. */
  readonly tool: string;
  /** Takes bytes; they may be reused once it is done. */
  push(bytes: Uint8Array): void | Promise<void>;
  /** Writes what is left. */
  end(): void | Promise<void>;
}
