import { TowerError } from "../../lib/errors.ts";
import { type TarEntry, TarReader } from "../../lib/format/tar_reader.ts";
import type { Runner } from "../../lib/proc/command.ts";

/** An entry of a .deb's data archive; the path is relative, without `./`. */
export interface DebEntry {
  readonly entry: TarEntry;
  readonly path: string;
  /** Target of a hard link without `./`, of a symbolic link as it is. */
  readonly target: string;
  readonly content: Uint8Array;
}

const LIMITS = { entries: 200_000, header: 1 << 20 };

/**
 * All that a .deb installs, in its order. dpkg-deb unpacks the compression (xz, zstd or gzip);
 * owners and modes are the archive's, whoever runs this.
 */
export async function readDeb(runner: Runner, file: string): Promise<DebEntry[]> {
  const entries: DebEntry[] = [];
  let filled = 0;
  const reader = new TarReader({
    entry(entry) {
      const path = relative(entry.path);
      if (path === "") return;
      const target = entry.type === "hardlink" ? relative(entry.target) : entry.target;
      entries.push({ entry, path, target, content: new Uint8Array(entry.size) });
      filled = 0;
    },
    content(bytes) {
      entries.at(-1)!.content.set(bytes, filled);
      filled += bytes.length;
    },
    end() {},
  }, LIMITS);
  await using child = runner.spawn({ argv: ["dpkg-deb", "--fsys-tarfile", file] });
  for await (const chunk of child.stdout) reader.push(chunk);
  reader.finish();
  const ending = await child.ended;
  if (ending.kind !== "exited" || ending.code !== 0) {
    throw new TowerError("tool", `Cannot unpack "${file}": dpkg-deb failed`);
  }
  return entries;
}

function relative(path: string): string {
  return path.replace(/^(\.?\/)+/, "").replace(/^\.$/, "").replace(/\/+$/, "");
}
