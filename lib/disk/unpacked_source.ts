import { join } from "@std/path";
import { chunksOf, type Compression } from "../archive/unpack_archive.ts";
import type { ByteSource } from "../bytes/bytes.ts";
import { createArtifact } from "../files/artifact_file.ts";
import { tempDir } from "../files/files.ts";
import { decompressed, type XzPorts } from "../format/decompressed.ts";
import { asDamage, mostUnpacked, writeSparsely } from "./packed_image.ts";

/** Decompresses sources to files of a folder below TMPDIR, which goes away with it. */
export class SourceUnpacker implements Disposable {
  readonly #owned = new DisposableStack();
  readonly #ports: XzPorts;
  #folder: string | undefined;
  #count = 0;

  constructor(ports: XzPorts) {
    this.#ports = ports;
  }

  /**
   * What a source holds, to be read anywhere as long as this is there; blocks of zeros are holes.
   *
   * @param name for messages
   * @throws {TowerError} `malformed`; `tool` where there is no xz; `limit` before a small file fills
   * the disk
   */
  async unpack(source: ByteSource, compression: Compression, name: string): Promise<ByteSource> {
    this.#folder ??= this.#owned.use(tempDir()).path;
    const file = this.#owned.use(createArtifact(join(this.#folder, `${this.#count++}.img`)));
    const { signal } = this.#ports;
    try {
      const stream = decompressed(chunksOf(source, this.#ports), compression, name, this.#ports);
      const size = await writeSparsely(stream, file, mostUnpacked(source.size), name, signal);
      return { size, readAt: file.readAt };
    } catch (error) {
      signal.throwIfAborted();
      throw asDamage(error, name);
    }
  }

  [Symbol.dispose](): void {
    this.#owned.dispose();
  }
}
