import { writeTar } from "../../lib/format/tar.ts";
import type { TarSpec } from "../manifest/schema.ts";
import { streamInto } from "./compressed.ts";
import type { OutputWriter } from "./writer.ts";

/** The tree as a PAX archive, extended attributes included. */
export const tar: OutputWriter<TarSpec> = (tree, { compression }, { reader, sink }) => {
  const stream = streamInto(sink, compression);
  writeTar(tree, reader, stream.push);
  stream.end();
};
