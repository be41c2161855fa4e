import { join } from "@std/path";
import { packIndexArchive } from "../../../lib/apk/index_archive.ts";
import { formatIndex } from "../../../lib/apk/index_text.ts";
import { packPackage } from "../../../lib/apk/package_writer.ts";
import type { IndexedPackage, ScriptKind } from "../../../lib/apk/types.ts";
import { concat } from "../../../lib/bytes/bytes.ts";
import { FileTree } from "../../../lib/tree/file_tree.ts";
import { BASE } from "../apk/apk_files.ts";
import { TEST_KEY } from "../apk/test_keys.ts";
import { MemoryStore } from "../tree/memory_store.ts";

/** A package of a repository: its files by path, and what it needs. */
export interface ProgramPackage {
  readonly files: Readonly<Record<string, string | Uint8Array>>;
  readonly depends?: readonly string[];
  /** What apk runs, of its kinds. */
  readonly scripts?: Readonly<Partial<Record<ScriptKind, string>>>;
  readonly version?: string;
  /** Seconds since 1970. */
  readonly buildTime?: number;
}

/**
 * Makes a repository of packages in `folder`/x86_64.
 * @param key that signs index and packages
 */
export function makeProgramRepository(
  folder: string,
  packages: Readonly<Record<string, ProgramPackage>>,
  key = TEST_KEY.secret,
): void {
  const place = join(folder, "x86_64");
  Deno.mkdirSync(place, { recursive: true });
  const index: IndexedPackage[] = [];
  for (const [name, of] of Object.entries(packages)) {
    const { files, depends = [], version = "1.0-r0", buildTime = 1_700_000_000 } = of;
    const scripts = Object.entries(of.scripts ?? {}).map(([kind, text]) =>
      [kind, new TextEncoder().encode(text)] as const
    );
    const store = new MemoryStore();
    const tree = new FileTree({ ...BASE, mode: 0o755 });
    for (const [path, content] of Object.entries(files)) {
      const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
      tree.putParents(path, BASE.origin, BASE.mtime);
      tree.put({ ...BASE, type: "file", path, mode: 0o755, content: { kind: "inline", bytes } });
    }
    const packed = packPackage({
      ...{ tree, reader: store, spool: store.writer(), key, level: 6 },
      scripts: Object.fromEntries(scripts),
      info: {
        ...{ name, version, arch: "x86_64", description: "A test", license: "MIT" },
        ...{ url: "https://example.org", origin: name, buildTime, depends },
        ...{ provides: [], installIf: [], replaces: [], triggers: [] },
      },
    });
    Deno.writeFileSync(join(place, `${name}-${version}.apk`), concat([...packed.chunks()]));
    index.push(packed.package);
  }
  const text = formatIndex(index);
  Deno.writeFileSync(join(place, "APKINDEX.tar.gz"), packIndexArchive(text, "test", key));
}
