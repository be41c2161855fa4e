import type { StageContext } from "../../../build/stages/stage.ts";
import { NO_SIGNER } from "../../../lib/secure_boot/efi_signer.ts";
import { inOneBreath } from "../../../lib/breathe.ts";
import { silent } from "../../../lib/report/event.ts";
import { inlineText } from "../../../lib/tree/content.ts";
import { makeAnew } from "./make_anew.ts";
import { FileTree } from "../../../lib/tree/file_tree.ts";

const unused = () => {
  throw new Error("the stage needs no blob here");
};

/** There is none beside the one that a stage is run over. */
export function noTree(): never {
  throw new Error("the stage needs no other tree here");
}

/** Nothing is a file system here. */
export function noCompressor(): never {
  throw new Error("no blocks are compressed here");
}

/** For stages whose plans depend on their fields, their overlay and their packages alone. */
export const ALONE = {
  treeId: noTree,
  sources: new Map(),
  named: { system: "test", arch: "x86_64", epoch: 0, version: undefined },
} as const;

/** A context for stages that read and write inline content only. */
export function stageContext(epoch: number): StageContext {
  return {
    reader: { open: unused },
    blobs: { writer: unused },
    content: unused,
    blockCompressor: noCompressor,
    tree: noTree,
    arch: "x86_64",
    epoch,
    reporter: silent,
    packages: [],
    sources: new Map(),
    onScript: () => {},
    zstd: "wasm",
    made: makeAnew,
    efiSigner: NO_SIGNER,
    breathe: inOneBreath,
  };
}

/** A tree with the scripts of some OpenRC services. */
export function treeWithServices(...names: string[]): FileTree {
  const owned = { uid: 0, gid: 0, mtime: 0, origin: "package:openrc" } as const;
  const tree = new FileTree({ ...owned, mode: 0o755 });
  const content = inlineText("#!/sbin/openrc-run\n");
  for (const name of names) {
    const path = `etc/init.d/${name}`;
    tree.putParents(path, owned.origin, 0);
    tree.put({ ...owned, type: "file", path, mode: 0o755, content });
  }
  return tree;
}
