import type { ByteSource } from "../bytes/bytes.ts";
import type { OfferedFile } from "./deno_package_server.ts";

/** The same files, whose readers are told of. @param onRead is told how many bytes were read. */
export function countedFiles(
  files: ReadonlyMap<string, OfferedFile>,
  onRead: (bytes: number) => void,
): Map<string, OfferedFile> {
  const counted = (source: ByteSource): ByteSource => ({
    size: source.size,
    readAt(offset, into) {
      const got = source.readAt(offset, into);
      onRead(got);
      return got;
    },
  });
  return new Map(
    Array.from(files, ([path, { size, open }]) => [
      path,
      { size, open: async () => counted(await open()) },
    ]),
  );
}
