import { type ByteSource, sourceAt } from "../bytes/bytes.ts";
import type { BlockRun } from "../format/verity/digests.ts";
import type { SentError } from "../sent_error.ts";

/** Data in a file. */
export interface DataPart {
  readonly path: string;
  readonly offset: number;
  readonly size: number;
}

/** What a worker is asked for; the file is the same in all its orders. */
export interface VerityOrder {
  readonly data: DataPart;
  readonly run: BlockRun;
  readonly salt: Uint8Array;
}

/** What it answers. */
export type VerityAnswer =
  | { readonly type: "digests"; readonly digests: Uint8Array<ArrayBuffer> }
  | { readonly type: "failed"; readonly error: SentError };

/** The data as its file has it. */
export function dataIn(file: ByteSource, { offset, size }: DataPart): ByteSource {
  return sourceAt(file, offset, size);
}
