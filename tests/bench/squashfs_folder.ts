/**
 * A folder becomes squashfs, as mksquashfs does it: `squashfs_folder.ts FOLDER FILE LEVEL JOBS`.
 */
import { openBlockPacker } from "../../lib/disk/block_packer.ts";
import { writeSquashfs } from "../../lib/format/squashfs/writer.ts";
import { fileSink } from "../support/program/file_sink.ts";
import { treeOf } from "./folder_source.ts";

if (import.meta.main) {
  const [folder, file, level, jobs] = Deno.args;
  using source = treeOf(folder!);
  using sink = fileSink(file!);
  const packing = { compression: "zstd", level: Number(level) } as const;
  using compressor = openBlockPacker(packing, Number(jobs), new AbortController().signal);
  await writeSquashfs(source.tree, source.reader, sink, {
    ...{ compression: "zstd", compressor, blockSize: 128 << 10, epoch: 0 },
  });
}
