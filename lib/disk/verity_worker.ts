/// <reference no-default-lib="true" />
/// <reference lib="deno.worker" />
import { digestsOf } from "../format/verity/digests.ts";
import { openDisk } from "../files/disk_file.ts";
import { sentError } from "../sent_error.ts";
import { dataIn, type VerityAnswer, type VerityOrder } from "./verity_order.ts";

let file: ReturnType<typeof openDisk> | undefined;

self.onmessage = ({ data: { data, run, salt } }: MessageEvent<VerityOrder>) => {
  try {
    file ??= openDisk(data.path, "read");
    const digests = digestsOf(dataIn(file, data), run, salt);
    answer({ type: "digests", digests }, [digests.buffer]);
  } catch (error) {
    answer({ type: "failed", error: sentError(error) });
  }
};

function answer(message: VerityAnswer, transfer: Transferable[] = []): void {
  self.postMessage(message, transfer);
}
