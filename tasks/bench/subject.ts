import { join } from "@std/path";
import { readIndexArchive } from "../../lib/apk/index_archive.ts";
import { parseIndex } from "../../lib/apk/index_text.ts";
import { loadTrustedKey } from "../../lib/apk/signature.ts";
import type { IndexedPackage } from "../../lib/apk/types.ts";
import type { Env } from "../../lib/env.ts";
import { exists, listDir, readBytes, readText } from "../../lib/files/files.ts";
import { bench } from "../lab/bench_table.ts";
import { lab } from "../lab/table.ts";

/** A repository and a system to build from it. */
export interface Subject {
  readonly repository: string;
  /** Folder with its public keys. */
  readonly keys: string;
  readonly packages: readonly IndexedPackage[];
  /** The manifest with one file more, whose text is given: a changed text is a changed system. */
  manifest(text: string): unknown;
  readonly notes: readonly string[];
}

const ARCH = "x86_64";
/** The file that changes. */
const MARKER = "/etc/bench";
const MAKE_BENCH = "deno task lab --set bench";

/** The bench repository; where it was not made the lab's; undefined where neither was. */
export function findSubject(env: Env): Subject | undefined {
  const set = [bench, lab].find(({ folder }) => exists(indexOf(join(env.cacheDir, folder))));
  if (set === undefined) return undefined;
  const repository = join(env.cacheDir, set.folder);
  const keys = join(repository, "keys-public");
  const packages = readPackages(repository, keys);
  const base = { repository, keys, packages };
  if (set === bench) {
    const names = packages.map((p) => p.name);
    return { ...base, manifest: (text) => benchManifest(names, text), notes: [] };
  }
  return {
    ...base,
    manifest: (text) => ({
      name: "bench",
      extends: "lab",
      stages: [filesStage({ [MARKER]: text })],
    }),
    notes: [
      `smaller than what the aims are set for: the lab repository, as the bench one is not here (${MAKE_BENCH})`,
    ],
  };
}

function indexOf(repository: string): string {
  return join(repository, ARCH, "APKINDEX.tar.gz");
}

function readPackages(repository: string, keys: string): IndexedPackage[] {
  const trusted = listDir(keys).map((name) =>
    loadTrustedKey(name, readText(join(keys, name), 64 << 10))
  );
  return parseIndex(readIndexArchive(readBytes(indexOf(repository), 64 << 20), trusted).indexText);
}

function filesStage(files: Readonly<Record<string, string>>) {
  return {
    kind: "files",
    files: Object.entries(files).map(([path, contents]) => ({ path, contents })),
  };
}

/** All packages of the bench repository. Nothing boots from it: what boots is a few words of text. */
function benchManifest(world: readonly string[], text: string) {
  return {
    name: "bench",
    arches: [ARCH],
    repositories: ["lab"],
    stages: [
      { kind: "packages", world },
      filesStage({
        [MARKER]: text,
        "/boot/vmlinuz-bench": "no kernel",
        "/boot/initramfs-bench": "no initramfs",
        "/usr/lib/systemd/boot/efi/systemd-bootx64.efi": "no boot loader",
      }),
    ],
    outputs: [{
      kind: "disk",
      file: "bench.img",
      table: "gpt",
      boot: { free: "1MiB" },
      root: { free: "64MiB" },
      loaders: ["systemd-boot"],
      flavour: "bench",
      initramfs: "/boot/initramfs-bench",
    }],
  };
}
