import type { Runner } from "../../../lib/proc/command.ts";
import { fileSink } from "../program/file_sink.ts";

/** A partition of an image as a file of its own, beside the image. */
export async function partitionFile(
  runner: Runner,
  image: string,
  number: number,
): Promise<string> {
  const { stdout } = await runner.run({ argv: ["sfdisk", "--json", image] });
  const table = JSON.parse(new TextDecoder().decode(stdout)).partitiontable;
  const { start, size } = table.partitions[number - 1];
  const path = `${image}.${number}`;
  using from = Deno.openSync(image);
  using to = fileSink(path, size * 512);
  const chunk = new Uint8Array(1 << 20);
  from.seekSync(start * 512, Deno.SeekMode.Start);
  for (let done = 0; done < size * 512;) {
    const n = from.readSync(chunk.subarray(0, Math.min(chunk.length, size * 512 - done)))!;
    to.writeAt(done, chunk.subarray(0, n));
    done += n;
  }
  return path;
}
