/// <reference no-default-lib="true" />
/// <reference lib="deno.worker" />
import { fileError } from "../files/file_error.ts";
import { openZstd, ZSTD_FRAME } from "../format/zstd.ts";
import { answerInOrder } from "./worker_answers.ts";
import { type FrameAnswer, type FrameOrder, type FramePlace, zstdHere } from "./zstd_frame.ts";

let encoder: ReturnType<typeof openZstd> | undefined;
let file: Deno.FsFile | undefined;
let buffer: Uint8Array | undefined;

answerInOrder<FrameOrder, FrameAnswer>(async ({ from, level }) => {
  encoder ??= openZstd(zstdHere(), level);
  const answer = ownBytes(await encoder(from instanceof Uint8Array ? from : read(from)));
  return { answer, transfer: [answer.buffer] };
});

/** Bytes with a buffer to themselves, which can be given away. */
function ownBytes(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer } = bytes;
  return buffer instanceof ArrayBuffer && buffer.byteLength === bytes.length
    ? new Uint8Array(buffer)
    : bytes.slice();
}

/** The bytes of a place, until the next is read. All orders of a worker are for the same file. */
function read({ path, offset, length }: FramePlace): Uint8Array {
  buffer ??= new Uint8Array(ZSTD_FRAME);
  try {
    file ??= Deno.openSync(path);
    file.seekSync(offset, Deno.SeekMode.Start);
    for (let done = 0; done < length;) {
      const wanted = buffer.subarray(done, length);
      done += file.readSync(wanted) ?? wanted.fill(0).length;
    }
  } catch (error) {
    throw fileError("read", path, error);
  }
  return buffer.subarray(0, length);
}
