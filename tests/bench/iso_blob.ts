/**
 * A tree with a kernel, an initramfs and systemd-boot becomes a medium that UEFI starts. Its files are
 * ranges of a blob, as those of a build are: `iso_blob.ts BLOB LIST FILE`.
 */
import { writeMedium } from "../../build/outputs/iso/write.ts";
import { inOneBreath } from "../../lib/breathe.ts";
import type { Digest } from "../../lib/brand.ts";
import { silent } from "../../lib/report/event.ts";
import { FileTree } from "../../lib/tree/file_tree.ts";
import { ISO_PLAN } from "../support/build/iso_plan.ts";
import { fileSink, fileSource } from "../support/program/file_sink.ts";
import { treeOf } from "./folder_source.ts";

const META = { uid: 0, gid: 0, mtime: 0, origin: "stage:bench" } as const;
const BLOB = `sha256:${"0".repeat(64)}` as Digest;

/** Sizes of the files of a blob, in their order, by path. */
type BlobList = readonly (readonly [path: string, size: number])[];

/** Puts the files of a folder one behind the other into a blob. */
export function writeBlob(folder: string, blob: string): BlobList {
  using source = treeOf(folder);
  using sink = fileSink(blob);
  const list: [string, number][] = [];
  let at = 0;
  for (const entry of source.tree.walk()) {
    if (entry.type !== "file") continue;
    const bytes = Deno.readFileSync(`${folder}/${entry.path}`);
    sink.writeAt(at, bytes);
    list.push([entry.path, bytes.length]);
    at += bytes.length;
  }
  return list;
}

function treeIn(list: BlobList): FileTree {
  const tree = new FileTree({ ...META, mode: 0o755 });
  let offset = 0;
  for (const [path, size] of list) {
    tree.putParents(path, META.origin, 0);
    const content = { kind: "span", blob: BLOB, offset, size, sha256: undefined } as const;
    tree.put({ ...META, type: "file", path, mode: 0o644, content });
    offset += size;
  }
  return tree;
}

if (import.meta.main) {
  const [blob, list, file] = Deno.args as [string, string, string];
  using source = fileSource(blob);
  using sink = fileSink(file);
  const context = {
    reader: { open: () => source },
    epoch: 0,
    reporter: silent,
    breathe: inOneBreath,
  };
  const tree = treeIn(JSON.parse(Deno.readTextFileSync(list)));
  await writeMedium(tree, { ...ISO_PLAN, loaders: ["systemd-boot"] }, sink, context);
}
