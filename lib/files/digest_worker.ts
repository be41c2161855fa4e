/// <reference no-default-lib="true" />
/// <reference lib="deno.worker" />
import { sentError } from "../sent_error.ts";
import { type DigestAnswer, type DigestOrder, digestParts } from "./file_parts.ts";

self.onmessage = ({ data: { path, parts } }: MessageEvent<DigestOrder>) => {
  self.postMessage(answer());

  function answer(): DigestAnswer {
    try {
      return { type: "digests", digests: digestParts(path, parts) };
    } catch (error) {
      return { type: "failed", error: sentError(error) };
    }
  }
};
