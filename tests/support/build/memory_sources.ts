import type { Manifest } from "../../../build/manifest/manifest.ts";
import {
  type AskedSource,
  loadSource,
  type NamedSource,
  resolveSource,
} from "../../../build/kinds/sources.ts";
import type { Builds, Built, SourcePorts } from "../../../build/sources/source.ts";
import type { SourceContent } from "../../../lib/archive/entry.ts";
import { digestOf, hexOf } from "../../../lib/bytes/digest.ts";
import { inOneBreath } from "../../../lib/breathe.ts";
import { concat } from "../../../lib/bytes/bytes.ts";
import { TowerError } from "../../../lib/errors.ts";
import { cpioPieces } from "../../../lib/format/cpio.ts";
import { tarPieces } from "../../../lib/format/tar.ts";
import { RecordingRunner } from "../../../lib/proc/recording_runner.ts";
import { silent } from "../../../lib/report/event.ts";
import { inlineText } from "../../../lib/tree/content.ts";
import type { Entry } from "../../../lib/tree/entry.ts";
import { FileTree } from "../../../lib/tree/file_tree.ts";
import { MemoryStore } from "../tree/memory_store.ts";

const OWNED = { uid: 7, gid: 7, mtime: 0, origin: "stage:test" } as const;

/** A program of user 7 in a folder. */
function tool(mode: number, ...more: readonly Entry[]): FileTree {
  const tree = new FileTree({ ...OWNED, mode: 0o755 });
  tree.put({ ...OWNED, mode: 0o755, type: "directory", path: "bin" });
  tree.put({ ...OWNED, mode, type: "file", path: "bin/tool", content: inlineText("tool") });
  for (const entry of more) tree.put(entry);
  return tree;
}

/** An archive of a tree without contents of a store. */
function packed(
  pieces: typeof cpioPieces | typeof tarPieces,
  tree: FileTree,
): Uint8Array<ArrayBuffer> {
  return concat(Array.from(pieces(tree, new MemoryStore()), (bytes) => bytes.slice()));
}

/** Files that manifests of unit tests name as sources. */
const FILES: Readonly<Record<string, Uint8Array>> = {
  text: new TextEncoder().encode("text"),
  tool: packed(cpioPieces, tool(0o755)),
  privileged: packed(
    tarPieces,
    tool(
      0o4755,
      { ...OWNED, mode: 0o666, type: "char", path: "bin/null", major: 1, minor: 3 },
      {
        ...{ ...OWNED, mode: 0o644, type: "file", path: "bin/labelled", content: inlineText("") },
        xattrs: new Map([["security.selinux", new TextEncoder().encode("system_u")]]),
      },
    ),
  ),
};

/** The SHA-256 of one of them, as a manifest has it. */
export function sha256Of(file: string): string {
  return hexOf(digestOf(FILES[file]!));
}

/** What the sources of a manifest are and bring, without a machine. */
export async function memorySources(
  { sources, arches: [arch] }: Manifest,
  store: MemoryStore,
): Promise<{ locked: NamedSource[]; contents: Map<string, SourceContent> }> {
  const ports: SourcePorts = {
    ...{ store, reporter: silent, runner: new RecordingRunner() },
    signal: new AbortController().signal,
    breathe: inOneBreath,
    fetcher: { stream: (url) => stream(url) },
    builds: demoBuilds(),
  };
  const locked: NamedSource[] = [];
  const contents = new Map<string, SourceContent>();
  for (const [name, { spec, folder }] of sources) {
    const asked = { kind: spec.kind, name, spec, folder, arch: arch! } as AskedSource;
    const resolved = await resolveSource(asked, undefined, ports);
    contents.set(name, await loadSource(resolved, asked, ports));
    locked.push(resolved);
  }
  return { locked, contents };
}

async function* stream(url: string): AsyncGenerator<Uint8Array> {
  const bytes = FILES[url.replace(/^\//, "")];
  if (!bytes) throw new TowerError("not-found", `Cannot fetch "${url}": it is not there`);
  yield await Promise.resolve(bytes);
}

/** One system was built: its artifact is the file `text`. */
function demoBuilds(): Builds {
  const text = FILES["text"]!;
  const artifact = { kind: "tar", mediaType: "text/plain", size: text.length };
  const record = {
    ...{ version: 2, system: "part", arch: "x86_64", epoch: 0, plan: digestOf("plan") },
    ...{ lock: digestOf("lock"), builder: { name: "tower-build", version: "0" } },
    ...{ companions: [], packages: [], scripts: [] },
    artifacts: [{ ...artifact, file: "text", digest: digestOf(text) }],
  } as const;
  const built = {
    folder: "/",
    record: { ...record, artifacts: [...record.artifacts] },
  } as unknown as Built;
  const known = (name: string) => {
    if (name === "part" || name === "built") return built;
    throw new TowerError("not-found", `Cannot find "${name}"`);
  };
  return {
    build: (system) => Promise.resolve().then(() => known(system)),
    find: () => undefined,
    read: known,
  };
}
