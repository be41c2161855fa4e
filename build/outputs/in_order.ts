import type { Breathe } from "../../lib/breathe.ts";
import type { ArtifactSink } from "./output.ts";

const BUFFER = 1 << 20;

/** Writes bytes one after the other: small pieces (headers of half a kilobyte) in few large writes. */
export async function inOrder(
  sink: ArtifactSink,
  pieces: Iterable<Uint8Array>,
  breathe: Breathe,
): Promise<void> {
  const buffer = new Uint8Array(BUFFER);
  let filled = 0;
  let position = 0;
  const flush = () => {
    sink.writeAt(position, buffer.subarray(0, filled));
    position += filled;
    filled = 0;
  };
  for (const bytes of pieces) {
    for (let at = 0; at < bytes.length;) {
      const part = bytes.subarray(at, at + BUFFER - filled);
      buffer.set(part, filled);
      filled += part.length;
      at += part.length;
      if (filled === BUFFER) flush();
    }
    await breathe();
  }
  flush();
}
