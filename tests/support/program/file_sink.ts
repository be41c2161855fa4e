import type { ArtifactSink } from "../../../build/outputs/output.ts";
import type { ByteSource } from "../../../lib/bytes/bytes.ts";

/** A new sparse file as a sink. Disposing it closes the file. */
export function fileSink(path: string, size = 0): ArtifactSink & Disposable {
  const file = Deno.openSync(path, { read: true, write: true, create: true, truncate: true });
  file.truncateSync(size);
  return {
    setSize: (length) => file.truncateSync(length),
    readAt(offset, into) {
      file.seekSync(offset, Deno.SeekMode.Start);
      return file.readSync(into) ?? 0;
    },
    writeAt(offset, bytes) {
      file.seekSync(offset, Deno.SeekMode.Start);
      for (let done = 0; done < bytes.length;) done += file.writeSync(bytes.subarray(done));
    },
    [Symbol.dispose]: () => file.close(),
  };
}

/** A file as a source, open until it is disposed. */
export function fileSource(path: string): ByteSource & Disposable {
  const file = Deno.openSync(path);
  return {
    size: file.statSync().size,
    readAt(offset, into) {
      file.seekSync(offset, Deno.SeekMode.Start);
      return file.readSync(into) ?? 0;
    },
    [Symbol.dispose]: () => file.close(),
  };
}

/** A temporary folder that vanishes with its owner. */
export function tempFolder(): { readonly path: string } & Disposable {
  const path = Deno.makeTempDirSync({ prefix: "tower-test-" });
  return { path, [Symbol.dispose]: () => Deno.removeSync(path, { recursive: true }) };
}
