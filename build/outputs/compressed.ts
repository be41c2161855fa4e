import { GzipWriter } from "../../lib/format/gzip.ts";
import type { ArtifactSink } from "./output.ts";

/** Level of gzip outputs: 9 takes twice the time of 6 and gains one percent. */
const LEVEL = 6;
const BUFFER = 1 << 20;

/** Bytes in order, compressed or not. `push` copies what it is given. */
export interface Stream {
  push(bytes: Uint8Array): void;
  /** Writes what is left. */
  end(): void;
}

/** A stream into a sink. */
export function streamInto(sink: ArtifactSink, compression: "gzip" | "none"): Stream {
  const file = buffered(sink);
  if (compression === "none") return file;
  const gzip = new GzipWriter(LEVEL, file.push);
  return {
    push: (bytes) => gzip.write(bytes),
    end() {
      gzip.end();
      file.end();
    },
  };
}

/** Gathers small pieces (headers of half a kilobyte) into few large writes. */
function buffered(sink: ArtifactSink): Stream {
  const buffer = new Uint8Array(BUFFER);
  let filled = 0;
  let position = 0;
  const flush = () => {
    sink.writeAt(position, buffer.subarray(0, filled));
    position += filled;
    filled = 0;
  };
  return {
    push(bytes) {
      for (let at = 0; at < bytes.length;) {
        const part = bytes.subarray(at, at + BUFFER - filled);
        buffer.set(part, filled);
        filled += part.length;
        at += part.length;
        if (filled === BUFFER) flush();
      }
    },
    end: flush,
  };
}
