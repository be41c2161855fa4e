import { ARCHES } from "../../lib/brand.ts";
import { formatIndex } from "../../lib/apk/index_text.ts";
import { packIndexArchive } from "../../lib/apk/index_archive.ts";
import { parsePackageInfo } from "../../lib/apk/package_info.ts";
import { packageLimits, readPackage } from "../../lib/apk/package_reader.ts";
import { packingSteps } from "../../lib/apk/package_writer.ts";
import { loadPrivateKey, type PrivateKey } from "../../lib/apk/signature.ts";
import { type IndexedPackage, SCRIPT_KINDS, type TrustedKey } from "../../lib/apk/types.ts";
import { inBreaths } from "../../lib/breathe.ts";
import { TowerError } from "../../lib/errors.ts";
import { createArtifact } from "../../lib/files/artifact_file.ts";
import {
  exists,
  fileState,
  isFolder,
  listDir,
  readBytes,
  readText,
  writeFileAtomic,
} from "../../lib/files/files.ts";
import type { Runner } from "../../lib/proc/command.ts";
import { telling } from "../../lib/report/telling.ts";
import { readFolderTree } from "../../lib/store/folder_tree.ts";
import { readTarTree } from "../../lib/store/tar_tree.ts";
import { basename, join } from "@std/path";
import type { Engine } from "../engine/engine.ts";

const SCRIPT_LIMIT = 1 << 20;

/** Reads a private key; its file's name is the name that packages are signed under. */
export function readPrivateKey(path: string): PrivateKey {
  return loadPrivateKey(basename(path), readText(path, 64 << 10));
}

/**
 * Refuses a folder with file capabilities, which would be lost, where getcap(8) is there to tell.
 * @throws {TowerError} `unsupported`
 */
export async function refuseCapabilities(folder: string, runner: Runner): Promise<void> {
  if (!isFolder(folder) || runner.which("getcap") === undefined) return;
  const { stdout } = await runner.run({ argv: ["getcap", "-r", folder] });
  const [first = ""] = new TextDecoder().decode(stdout).split("\n");
  if (first === "") return;
  throw new TowerError(
    "unsupported",
    `Cannot pack "${folder}": the capabilities of a file would be lost: ${first}`,
    { hint: "give a tar archive that has them: tar --xattrs --xattrs-include='*' -cf FILE.tar …" },
  );
}

/**
 * Makes a signed .apk of a folder or a tar archive.
 *
 * @param infoFile A .PKGINFO; `size` and `datahash` are computed.
 * @param scriptsFolder Holds `.pre-install`, `.post-install` and so on, with or without the dot.
 * @returns The path of the package, `NAME-VERSION.apk` in `output`.
 */
export async function packFolder(
  request: { tree: string; infoFile: string; scriptsFolder?: string; key: string; output: string },
  { store, breathe, reporter }: Pick<Engine, "store" | "breathe" | "reporter">,
): Promise<string> {
  const info = parsePackageInfo(readText(request.infoFile, 1 << 20));
  const options = { origin: `package:${info.name}`, mtime: info.buildTime ?? 0 } as const;
  const packing = packingSteps({
    tree: isFolder(request.tree)
      ? readFolderTree(request.tree, store, options)
      : readTarTree(request.tree, store, options),
    reader: store,
    info,
    scripts: readScripts(request.scriptsFolder),
    key: readPrivateKey(request.key),
    level: 9,
    spool: store.writer(),
  });
  const title = `Pack ${info.name}-${info.version}`;
  const packed = await telling(reporter, title, () => inBreaths(packing, breathe));
  const path = join(request.output, `${info.name}-${info.version}.apk`);
  using file = createArtifact(path);
  let at = 0;
  for (const chunk of packed.chunks()) {
    file.writeAt(at, chunk);
    at += chunk.length;
    await breathe();
  }
  await file.commit();
  return path;
}

function readScripts(folder: string | undefined): Partial<Record<string, Uint8Array>> {
  if (folder === undefined) return {};
  return Object.fromEntries(SCRIPT_KINDS.flatMap((kind) => {
    const path = [`.${kind}`, kind].map((name) => join(folder, name)).find((p) => exists(p));
    return path === undefined ? [] : [[kind, readBytes(path, SCRIPT_LIMIT)]];
  }));
}

/**
 * Makes a signed index of the packages in a folder. Every package is read whole and must carry a
 * signature of one of the keys: an index vouches for what it lists.
 *
 * @returns How many packages it lists.
 */
export async function indexFolder(
  request: { folder: string; keys: readonly TrustedKey[]; key: string; description: string },
  engine: Pick<Engine, "fetcher" | "store" | "reporter">,
): Promise<number> {
  const names = listDir(request.folder).filter((name) => name.endsWith(".apk"));
  const packages = await telling(engine.reporter, "Read the packages", async (progress) => {
    const read: IndexedPackage[] = [];
    for (const name of names) {
      read.push(await indexed(name, request, engine));
      progress(read.length, names.length);
    }
    return read;
  }, "items");
  const index = packIndexArchive(
    formatIndex(packages),
    request.description,
    readPrivateKey(request.key),
  );
  writeFileAtomic(join(request.folder, "APKINDEX.tar.gz"), index);
  return packages.length;
}

/** How an index lists a package of a folder, once all of it is read. */
async function indexed(
  name: string,
  request: { readonly folder: string; readonly keys: readonly TrustedKey[] },
  { fetcher, store }: Pick<Engine, "fetcher" | "store">,
): Promise<IndexedPackage> {
  const arch = ARCHES.find((known) => known === basename(request.folder));
  const path = join(request.folder, name);
  const size = fileState(path)!.size;
  // The installed size is not known before the package is read: room for a 100-fold inflation.
  const limits = packageLimits({ size, installedSize: size * 100 });
  const chunks = fetcher.stream(path, { limit: size });
  const options = { keys: request.keys, data: store.writer(), limits };
  const { info, identity } = await readPackage(chunks, options).catch((cause) => {
    if (!(cause instanceof TowerError) || cause.code === "interrupted") throw cause;
    throw new TowerError(cause.code, `Cannot index "${path}"`, { cause });
  });
  if (name !== `${info.name}-${info.version}.apk`) {
    throw new TowerError(
      "malformed",
      `Cannot index "${path}": it holds ${info.name}-${info.version}`,
      {
        hint: "a repository finds packages by NAME-VERSION.apk: rename the file",
      },
    );
  }
  // apk 2.14 looks for a package in the folder of the architecture that the index gives it.
  return {
    ...info,
    arch: info.arch === "noarch" ? arch ?? "noarch" : info.arch,
    identity,
    size,
  };
}
