/** Compresses bytes that come in order. Disposing one that did not end stops its program. */
export interface Packer extends AsyncDisposable {
  /** What compresses, with its version, for the record. */
  readonly tool: string;
  /** Is told what is written of the file, where it can do something with that before all is. */
  changed?(offset: number, length: number): void;
  /** Takes bytes; they may be reused once it is done. */
  push(bytes: Uint8Array): void | Promise<void>;
  /** Writes what is left. */
  end(): void | Promise<void>;
}
