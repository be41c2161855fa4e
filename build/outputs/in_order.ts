import type { ArtifactSink } from "./output.ts";

const BUFFER = 1 << 20;

/** Writes bytes one after the other: small pieces (headers of half a kilobyte) in few large writes. */
export function inOrder(
  sink: ArtifactSink,
  write: (push: (bytes: Uint8Array) => void) => void,
): void {
  const buffer = new Uint8Array(BUFFER);
  let filled = 0;
  let position = 0;
  const flush = () => {
    sink.writeAt(position, buffer.subarray(0, filled));
    position += filled;
    filled = 0;
  };
  write((bytes) => {
    for (let at = 0; at < bytes.length;) {
      const part = bytes.subarray(at, at + BUFFER - filled);
      buffer.set(part, filled);
      filled += part.length;
      at += part.length;
      if (filled === BUFFER) flush();
    }
  });
  flush();
}
