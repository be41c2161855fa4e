import { packIndexArchive } from "../../../lib/apk/index_archive.ts";
import { formatIndex } from "../../../lib/apk/index_text.ts";
import { packPackage } from "../../../lib/apk/package_writer.ts";
import type { IndexedPackage, PackageInfo, ScriptKind } from "../../../lib/apk/types.ts";
import type { Arch } from "../../../lib/brand.ts";
import { concat } from "../../../lib/bytes/bytes.ts";
import { inlineText } from "../../../lib/tree/content.ts";
import type { Content, Entry } from "../../../lib/tree/entry.ts";
import { FileTree } from "../../../lib/tree/file_tree.ts";
import { MemoryStore } from "../tree/memory_store.ts";
import { TEST_KEY, type TestKey } from "../apk/test_keys.ts";

/** A file as its text or bytes, a folder as null, a symbolic link, or anything with an owner of its own. */
export type PackagedFile =
  | string
  | Uint8Array
  | null
  | { readonly link: string }
  | {
    readonly text?: string | Uint8Array;
    readonly device?: readonly [major: number, minor: number];
    readonly mode: number;
    readonly uid?: number;
    readonly gid?: number;
  };

/** A package as a test describes it; what it leaves out is as dull as it can be. */
export interface PackageSpec extends Partial<Omit<PackageInfo, "dataHash" | "installedSize">> {
  readonly name: string;
  readonly files?: Readonly<Record<string, PackagedFile>>;
  readonly scripts?: Readonly<Partial<Record<ScriptKind, string>>>;
}

const ARCH = "x86_64";
const MTIME = 1_700_000_000;
const ORIGIN = "stage:test";

/** Enough for a system that has a user, a service and a program. */
export const SMALL_SYSTEM: readonly PackageSpec[] = [
  {
    name: "base",
    files: {
      "etc/passwd": "root:x:0:0:root:/root:/bin/sh\n",
      "etc/group": "root:x:0:\nwheel:x:10:root\n",
      "etc/shadow": { text: "root:*:19000::::::\n", mode: 0o640 },
      "root": { mode: 0o700 },
      "tmp": { mode: 0o1777 },
    },
  },
  {
    name: "hello",
    version: "2.1-r3",
    depends: ["base", "so:libgreet.so.1"],
    files: { "usr/bin/hello": { text: "#!/bin/sh\necho hello\n", mode: 0o4755 } },
  },
  {
    name: "greet",
    provides: ["so:libgreet.so.1=1.2"],
    depends: ["hello"], // a cycle
    files: { "usr/lib/libgreet.so.1": "greet" },
  },
  {
    name: "hello-openrc",
    installIf: ["hello=2.1-r3"],
    files: { "etc/init.d/hello": { text: "#!/sbin/openrc-run\n", mode: 0o755 } },
  },
];

/** A signed repository of tiny packages in a folder, made without network and programs. */
export class LabRepository {
  /** Folder with the public key. */
  readonly keys: string;
  /** What the index lists. A test may change it and publish anew. */
  listed: IndexedPackage[] = [];

  constructor(
    readonly folder: string,
    readonly key: TestKey = TEST_KEY,
    readonly arch: Arch = ARCH,
  ) {
    this.keys = `${folder}/keys`;
    for (const path of [`${folder}/${arch}`, this.keys]) Deno.mkdirSync(path, { recursive: true });
    Deno.writeTextFileSync(`${this.keys}/${key.trusted.name}`, key.trusted.pem);
  }

  get index(): string {
    return `${this.folder}/${this.arch}/APKINDEX.tar.gz`;
  }

  /** The path of the package of a name that was listed last. */
  packagePath(name: string): string {
    const { version } = this.listed.findLast((p) => p.name === name)!;
    return `${this.folder}/${this.arch}/${name}-${version}.apk`;
  }

  /** Packs a package and lists it. */
  add(spec: PackageSpec, key = this.key): void {
    const { bytes, indexed } = packedPackage({ arch: this.arch, ...spec }, key);
    this.addBytes(indexed, bytes);
  }

  /** Lists a package whose file holds these bytes. */
  addBytes(indexed: IndexedPackage, bytes: Uint8Array): void {
    this.listed.push(indexed);
    Deno.writeFileSync(this.packagePath(indexed.name), bytes);
  }

  /** Writes the signed index of what is listed. */
  publish(text = formatIndex(this.listed), key = this.key): void {
    Deno.writeFileSync(this.index, packIndexArchive(text, "test", key.secret));
  }
}

/** A published repository of these packages. */
export function labRepository(
  folder: string,
  packages: readonly PackageSpec[] = SMALL_SYSTEM,
  arch: Arch = ARCH,
): LabRepository {
  const repository = new LabRepository(folder, TEST_KEY, arch);
  for (const spec of packages) repository.add(spec);
  repository.publish();
  return repository;
}

/** A signed .apk and how an index lists it. */
export function packedPackage(
  spec: PackageSpec,
  key: TestKey,
): { bytes: Uint8Array; indexed: IndexedPackage } {
  const { files = {}, scripts = {}, ...info } = spec;
  const store = new MemoryStore();
  const encoder = new TextEncoder();
  const packed = packPackage({
    tree: treeOf(files),
    reader: store,
    spool: store.writer(),
    key: key.secret,
    level: 6,
    scripts: Object.fromEntries(
      Object.entries(scripts).map(([kind, text]) => [kind, encoder.encode(text)]),
    ),
    info: {
      version: "1.0-r0",
      arch: ARCH,
      description: spec.name,
      url: "https://example.org/",
      license: "MIT",
      origin: spec.name,
      buildTime: MTIME,
      depends: [],
      provides: [],
      installIf: [],
      replaces: [],
      triggers: [],
      ...info,
    },
  });
  return { bytes: concat([...packed.chunks()]), indexed: packed.package };
}

function treeOf(files: NonNullable<PackageSpec["files"]>): FileTree {
  const base = { uid: 0, gid: 0, mtime: MTIME, origin: ORIGIN } as const;
  const tree = new FileTree({ ...base, mode: 0o755 });
  for (const [path, file] of Object.entries(files)) {
    tree.putParents(path, ORIGIN, MTIME);
    tree.put({ ...base, path, ...entryOf(file) } as Entry);
  }
  return tree;
}

function entryOf(file: PackagedFile) {
  if (file === null) return { type: "directory", mode: 0o755 };
  if (isContent(file)) return { type: "file", mode: 0o644, content: contentOf(file) };
  if ("link" in file) return { type: "symlink", mode: 0o777, target: file.link };
  const { text, device, mode, uid = 0, gid = 0 } = file;
  const owned = { mode, uid, gid };
  if (device) return { ...owned, type: "char", major: device[0], minor: device[1] };
  if (text === undefined) return { ...owned, type: "directory" };
  return { ...owned, type: "file", content: contentOf(text) };
}

function isContent(file: PackagedFile): file is string | Uint8Array {
  return typeof file === "string" || file instanceof Uint8Array;
}

function contentOf(content: string | Uint8Array): Content {
  return typeof content === "string" ? inlineText(content) : { kind: "inline", bytes: content };
}
