import { textOf } from "../../lib/tree/content.ts";
import { type ContentReader, sizeOf } from "../../lib/tree/entry.ts";
import type { FileTree } from "../../lib/tree/file_tree.ts";

/** A larger os-release is none. */
const LIMIT = 64 << 10;

/** Which distribution a system says it is (os-release(5)). */
export interface Distribution {
  readonly id: string;
  readonly version?: string;
}

/** What the tree's os-release says; undefined where there is none with an ID. */
export function distributionOf(tree: FileTree, reader: ContentReader): Distribution | undefined {
  const file = tree.file("etc/os-release") ?? tree.file("usr/lib/os-release");
  if (file === undefined || sizeOf(file.content) > LIMIT) return undefined;
  const values = new Map<string, string>();
  for (const line of textOf(reader, file.content, LIMIT).split("\n")) {
    const [, name, , value] = /^(ID|VERSION_ID)=(["']?)([a-z0-9._-]{1,64})\2\s*$/.exec(line) ?? [];
    if (name !== undefined) values.set(name, value!);
  }
  const id = values.get("ID");
  if (id === undefined) return undefined;
  const version = values.get("VERSION_ID");
  return { id, ...(version === undefined ? {} : { version }) };
}
