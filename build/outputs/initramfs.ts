import { writeCpio } from "../../lib/format/cpio.ts";
import type { InitramfsOutputSpec } from "../manifest/schema.ts";
import { streamInto } from "./compressed.ts";
import type { OutputWriter } from "./writer.ts";

/** The whole tree as the cpio archive (newc) that a kernel unpacks into its first root. */
export const initramfs: OutputWriter<InitramfsOutputSpec> = (tree, plan, { reader, sink }) => {
  const stream = streamInto(sink, plan.compression);
  writeCpio(tree, reader, stream.push);
  stream.end();
};
