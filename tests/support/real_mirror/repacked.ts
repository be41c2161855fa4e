import type { Arch } from "../../../lib/brand.ts";
import { entriesOf } from "../../../lib/apk/entry_table.ts";
import { packPackage } from "../../../lib/apk/package_writer.ts";
import { packageLimits, readPackage } from "../../../lib/apk/package_reader.ts";
import { scriptOf } from "../../../lib/apk/scripts/scripts_archive.ts";
import {
  type IndexedPackage,
  SCRIPT_KINDS,
  type TrustedKey,
  type UnpackedPackage,
} from "../../../lib/apk/types.ts";
import { concat } from "../../../lib/bytes/bytes.ts";
import type { Entry } from "../../../lib/tree/entry.ts";
import { FileTree } from "../../../lib/tree/file_tree.ts";
import { streamOf } from "../apk/apk_files.ts";
import { MemoryStore } from "../tree/memory_store.ts";
import { TEST_KEY } from "../apk/test_keys.ts";

/** A real package under another architecture's name, signed anew. Its programs stay a PC's. */
export async function repacked(
  bytes: Uint8Array,
  item: IndexedPackage,
  keys: readonly TrustedKey[],
  arch: Arch,
): Promise<{ bytes: Uint8Array; indexed: IndexedPackage }> {
  const store = new MemoryStore();
  const unpacked = await readPackage(streamOf(bytes, 1 << 20), {
    keys,
    data: store.writer(),
    limits: packageLimits(item),
    expect: item,
  });
  const { dataHash: _d, installedSize: _s, ...info } = unpacked.info;
  const scripts = SCRIPT_KINDS.flatMap((kind) => {
    const script = scriptOf(unpacked, kind);
    return script ? [[kind, script] as const] : [];
  });
  const packed = packPackage({
    tree: treeOf(unpacked),
    reader: store,
    spool: store.writer(),
    key: TEST_KEY.secret,
    level: 1,
    scripts: Object.fromEntries(scripts),
    info: { ...info, arch: info.arch === "noarch" ? "noarch" : arch },
  });
  return { bytes: concat([...packed.chunks()]), indexed: packed.package };
}

function treeOf({ data, entries }: UnpackedPackage): FileTree {
  const origin = "stage:test";
  const tree = new FileTree({ mode: 0o755, uid: 0, gid: 0, mtime: 0, origin });
  for (const { type, path, mode, uid, gid, mtime, size, offset, target } of entriesOf(entries)) {
    const content = { kind: "span", blob: data, offset, size };
    tree.putParents(path, origin, mtime);
    tree.put({ type, path, mode, uid, gid, mtime, origin, content, target } as Entry);
  }
  return tree;
}
