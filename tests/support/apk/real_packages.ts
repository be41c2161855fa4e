import { join } from "@std/path";
import { gunzipSync } from "node:zlib";
import { type TarEntry, TarReader } from "../../../lib/format/tar_reader.ts";
import { entryTable } from "../../../lib/apk/entry_table.ts";
import { asIdentity } from "../../../lib/apk/identity.ts";
import type { PackageEntry } from "../../../lib/apk/package_entry.ts";
import type { PackageInfo, ScriptKind, UnpackedPackage } from "../../../lib/apk/types.ts";
import { SCRIPT_KINDS } from "../../../lib/apk/types.ts";
import { MemoryStore } from "../tree/memory_store.ts";

/** The packages of a real Alpine root, as they were before they were installed. */
export interface RealPackages {
  readonly store: MemoryStore;
  /** In the order of installation as far as the root still tells. */
  readonly packages: readonly UnpackedPackage[];
  /** A file of the root as it is in the archive. */
  bytes(path: string): Uint8Array;
  text(path: string): string;
  readonly entries: ReadonlyMap<string, TarEntry>;
}

/** Reads a minirootfs archive: files from its tar, what belongs to whom from its database. */
export function realPackages(data: string, arch: string): RealPackages {
  const archive = join(data, `alpine/alpine-minirootfs-3.20.3-${arch}.tar.gz`);
  const tar = new Uint8Array(gunzipSync(Deno.readFileSync(archive)));
  const store = new MemoryStore();
  const blob = store.put(tar);
  const entries = tarEntries(tar);
  const bytes = (path: string) => {
    const { offset, size } = entries.get(path)!;
    return tar.subarray(offset, offset + size);
  };
  const text = (path: string) => new TextDecoder().decode(bytes(path));
  const scripts = realScripts(bytes("lib/apk/db/scripts.tar"));
  const triggers = new Map(
    text("lib/apk/db/triggers").trim().split("\n").map((line) => {
      const [identity, ...globs] = line.split(" ");
      return [identity!, globs];
    }),
  );
  const packages = text("lib/apk/db/installed").trimEnd().split("\n\n").map((record) => {
    const found = realPackage(record, entries);
    return {
      digest: blob,
      identity: found.identity,
      size: found.size,
      info: { ...found.info, triggers: triggers.get(found.identity) ?? [] },
      scripts: scripts.get(found.identity) ?? [],
      signedBy: { name: "none", digest: blob },
      data: blob,
      entries: entryTable(found.entries),
    };
  });
  // The archive of scripts is in order of installation; of the rest, only the names are known.
  const order = [...scripts.keys()];
  const rank = (p: UnpackedPackage) => order.indexOf(p.identity);
  packages.sort((a, b) => rank(a) - rank(b));
  return { store, packages, bytes, text, entries };
}

function tarEntries(tar: Uint8Array): Map<string, TarEntry> {
  const entries = new Map<string, TarEntry>();
  const reader = new TarReader({
    entry: (e) => void entries.set(e.path.replace(/^\.\//, "").replace(/\/$/, ""), e),
    content() {},
    end() {},
  }, { entries: 100_000, header: 1 << 20 });
  reader.push(tar);
  reader.finish();
  return entries;
}

type Scripts = UnpackedPackage["scripts"];

function realScripts(tar: Uint8Array): Map<string, Scripts> {
  const scripts = new Map<string, Scripts[number][]>();
  for (const [name, { offset, size }] of tarEntries(tar)) {
    const [, identity, kind] = name.match(/\.(Q1[A-Za-z0-9+\/]{27}=)\.([a-z-]+)$/)!;
    const list = scripts.get(identity!) ?? [];
    const base64 = tar.subarray(offset, offset + size).toBase64();
    list.push({ kind: kind as ScriptKind, base64 });
    scripts.set(identity!, list);
  }
  const rank = (kind: ScriptKind) => SCRIPT_KINDS.indexOf(kind);
  for (const list of scripts.values()) list.sort((a, b) => rank(a.kind) - rank(b.kind));
  return scripts;
}

function realPackage(record: string, tar: ReadonlyMap<string, TarEntry>) {
  const fields = new Map<string, string>();
  const entries: PackageEntry[] = [];
  let directory = "";
  for (const line of record.split("\n")) {
    const [letter, value] = [line[0]!, line.slice(2)];
    const last = entries.at(-1);
    if (letter === "F") {
      directory = value;
      if (value !== "") entries.push(entryOf("directory", value, 0o755));
    } else if (letter === "R") {
      const path = directory === "" ? value : `${directory}/${value}`;
      const found = tar.get(path);
      if (!found) throw new Error(`"${path}" is not in the archive`);
      entries.push({
        ...entryOf(found.type, path, 0o644),
        size: found.size,
        offset: found.offset,
        mtime: found.mtime,
        ...(found.type === "symlink" || found.type === "hardlink" ? { target: found.target } : {}),
      });
    } else if (letter === "M" || letter === "a") {
      const [uid, gid, mode] = value.split(":");
      entries[entries.length - 1] = {
        ...last!,
        uid: Number(uid),
        gid: Number(gid),
        mode: parseInt(mode!, 8),
      };
    } else if (letter === "Z") {
      const sha1 = Uint8Array.fromBase64(value.slice(2)).toHex();
      entries[entries.length - 1] = { ...last!, sha1 };
    } else fields.set(letter, value);
  }
  return {
    entries,
    identity: asIdentity(fields.get("C")!)!,
    size: Number(fields.get("S")),
    info: infoOf(fields),
  };
}

function entryOf(type: PackageEntry["type"], path: string, mode: number): PackageEntry {
  return { type, path, mode, uid: 0, gid: 0, mtime: 0, size: 0, offset: 0 };
}

function infoOf(fields: ReadonlyMap<string, string>): PackageInfo {
  const text = (letter: string) => fields.get(letter) ?? "";
  const words = (letter: string) => text(letter).split(" ").filter((word) => word !== "");
  return {
    name: text("P"),
    version: text("V"),
    arch: text("A"),
    description: text("T"),
    url: text("U"),
    license: text("L"),
    installedSize: Number(text("I")),
    origin: text("o"),
    maintainer: text("m"),
    buildTime: Number(text("t")),
    commit: text("c"),
    ...(fields.has("k") ? { providerPriority: Number(text("k")) } : {}),
    depends: words("D"),
    provides: words("p"),
    installIf: words("i"),
    replaces: words("r"),
    ...(fields.has("q") ? { replacesPriority: Number(text("q")) } : {}),
    triggers: [],
  };
}
