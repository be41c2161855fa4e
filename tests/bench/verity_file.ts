/** A file's hash device, as veritysetup formats it: `verity_file.ts FILE HASHES JOBS`. */
import { writeVerityOfFile } from "../../lib/disk/verity_file.ts";
import { uuidFrom } from "../../lib/format/uuid.ts";
import { fileSink } from "../support/program/file_sink.ts";

if (import.meta.main) {
  const [path, hashes, jobs] = Deno.args as [string, string, string];
  using sink = fileSink(hashes);
  const options = { uuid: uuidFrom("bench"), salt: new Uint8Array() };
  const data = { path, offset: 0, size: Deno.statSync(path).size };
  await writeVerityOfFile(data, options, sink, Number(jobs));
}
