import type { Arch } from "../../lib/brand.ts";
import type { Env } from "../../lib/env.ts";
import { TowerError } from "../../lib/errors.ts";
import { exists, inFolderThere, isFolder, listDir } from "../../lib/files/files.ts";
import { buildsFolders } from "../../lib/release/built_images.ts";
import { nearest } from "../../lib/report/did_you_mean.ts";
import type { ContentStore } from "../../lib/store/ports.ts";
import { isCanonical } from "../../lib/tree/file_tree.ts";
import { basename, dirname, join, resolve } from "@std/path";
import { errorPlacer, type PlaceError } from "../manifest/failed_part.ts";
import {
  chooseArch,
  loadManifest,
  type Manifest,
  manifestFor,
  type ManifestSource,
  stagesOf,
} from "../manifest/manifest.ts";
import { hasPackages, optionalOf, placeOfItem, worldOf } from "../manifest/packages_stages.ts";
import { atPlace } from "../manifest/placed.ts";
import type { PlacedStage } from "../manifest/trees.ts";
import type { Wanted } from "../../lib/apk/wanted.ts";
import type { RepositorySpec } from "../../lib/packages/repositories.ts";
import type { ApkRequest, RepositoriesRequest } from "../../lib/packages/resolve_request.ts";
import { apkSourcesOf, type Lock } from "../plan/lock.ts";
import type { AskedSource } from "../kinds/sources.ts";
import { overlayOf } from "../kinds/stages.ts";
import type { OverlayFile } from "../stages/stage.ts";
import { repositoryOf } from "./repositories.ts";
import type { BuildRequest } from "./request.ts";
import { systemBytes, systemEntries, SYSTEMS, systemText } from "./system_files.ts";
import { labFolder, trustedKeys } from "./trusted_keys.ts";

/** All that a build reads from the machine before it decides anything. */
export interface Inputs {
  readonly manifest: Manifest;
  readonly arch: Arch;
  readonly repositories: readonly RepositorySpec[];
  readonly overlays: ReadonlyMap<PlacedStage, readonly OverlayFile[]>;
  /** Folder of the artifacts. */
  readonly output: string;
  readonly lockFile: string;
  /** Where the manifest asks for an item of the world of a tree. */
  readonly placeOf: (tree: string, item: Wanted) => string | undefined;
  /** Makes errors of a stage or an output say where the manifest has it. */
  readonly placeError: PlaceError;
}

const OVERLAY_FILE_LIMIT = 256 << 20;
/** How what is executable begins: `#!`, and ELF (elf(5)). */
const PROGRAMS = [[0x23, 0x21], [0x7f, 0x45, 0x4c, 0x46]];

/** Reads the manifest, its overlay folders and where everything lies. */
export function gatherInputs(request: BuildRequest, env: Env, store: ContentStore): Inputs {
  const whole = loadManifest(request.system, manifestFiles(env.cwd));
  const arch = chooseArch(whole, request.arch);
  const manifest = manifestFor(whole, arch);
  const name = `${manifest.name}-${arch}`;
  const output = resolve(env.cwd, request.output ?? join(buildsFolder(env), name));
  return {
    manifest,
    arch,
    repositories: repositoriesOf(request, manifest, labFolder(env)),
    overlays: readOverlays(manifest, store),
    output,
    lockFile: request.lockFile === undefined
      ? join(output, `${name}.lock.json`)
      : inFolderThere(resolve(env.cwd, request.lockFile)),
    placeOf: (name, item) => {
      const tree = manifest.trees.find((tree) => tree.name === name);
      return tree && placeOfItem(tree, item);
    },
    placeError: errorPlacer(manifest),
  };
}

/** The repositories of the command line, else the manifest's; none where no tree has packages. */
function repositoriesOf(
  { repositories }: BuildRequest,
  manifest: Manifest,
  labFolder: string,
): RepositorySpec[] {
  if (!manifest.trees.some(hasPackages)) return [];
  if (repositories !== undefined) return repositories.map((text) => repositoryOf(text, labFolder));
  if (manifest.repositories.length > 0) {
    return manifest.repositories.map(({ spec, placeOf }) =>
      atPlace(() => placeOf([]), () => repositoryOf(spec, labFolder))
    );
  }
  throw new TowerError(
    "usage",
    `Cannot choose packages for "${manifest.name}": no repository is given`,
    {
      hint: 'give --repository URL, or list them under "repositories" in the manifest',
    },
  );
}

/** What packages are chosen from. */
export function repositoriesRequestOf(
  inputs: Inputs,
  keysFolder: string | undefined,
  env: Env,
  lock: Lock | undefined,
): RepositoriesRequest {
  const { arch, repositories } = inputs;
  return {
    arch,
    repositories,
    keys: repositories.length === 0 ? [] : trustedKeys({
      ...inputs,
      folder: keysFolder,
      locked: lock && apkSourcesOf(lock)[0]?.keys,
    }, env),
  };
}

/** What the packages of each tree are chosen by. */
export function worldRequestsOf({ trees }: Manifest, from: RepositoriesRequest): ApkRequest[] {
  return trees.filter(hasPackages).map((tree) => ({
    ...from,
    name: tree.name,
    world: worldOf(tree),
    optional: optionalOf(tree),
  }));
}

/** What each source is asked for that is no packages. */
export function askedSources({ arch, manifest }: Inputs): AskedSource[] {
  return [...manifest.sources].map(([name, { spec, folder }]) =>
    ({ kind: spec.kind, name, spec, folder, arch }) as AskedSource
  );
}

/** Manifests in files, and the systems that lie beside this program. */
export function manifestFiles(cwd: string): ManifestSource {
  const systemNames = () =>
    systemEntries(SYSTEMS).flatMap(({ name }) =>
      name.endsWith(".yaml") ? [basename(name, ".yaml")] : []
    ).sort();
  return {
    systemNames,
    systemPath: (name) => systemNames().includes(name) ? join(SYSTEMS, `${name}.yaml`) : undefined,
    manifestNames: () => manifestNames(cwd),
    kindOf: (path) => {
      const at = resolve(cwd, path);
      return isFolder(at) ? "folder" : exists(at) ? "file" : undefined;
    },
    readText: (path) => withMeant(path, cwd, () => systemText(resolve(cwd, path), 1 << 20)),
    beside: (from, path) => resolve(dirname(resolve(cwd, from)), path),
    folderOf: (path) => dirname(resolve(cwd, path)),
  };
}

/** Files of a folder that may be manifests. Hidden ones are other programs' settings. */
function manifestNames(folder: string): string[] {
  if (!isFolder(folder)) return [];
  return listDir(folder).filter((name) => /^[^.].*\.ya?ml$/.test(name))
    .filter((name) => exists(join(folder, name)));
}

/** Says which file beside one that is not there may have been meant. */
function withMeant<T>(path: string, cwd: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof TowerError) || error.code !== "not-found") throw error;
    const near = nearest(basename(path), manifestNames(dirname(resolve(cwd, path))));
    const meant = near === undefined ? "" : `; did you mean "${dirname(path)}/${near}"?`;
    throw new TowerError("not-found", `${error.message}${meant}`, {
      hint: "tower-build systems lists what can be built, tower-build new NAME writes a manifest",
    });
  }
}

/** `./dist`, `./builds` or the cache's `builds`: the first that exists, else the last. */
export function buildsFolder(env: Env): string {
  const folders = buildsFolders(env);
  return folders.find((f) => exists(f)) ?? folders.at(-1)!;
}

function readOverlays(
  manifest: Manifest,
  store: ContentStore,
): Map<PlacedStage, readonly OverlayFile[]> {
  const overlays = new Map<PlacedStage, readonly OverlayFile[]>();
  for (const stage of stagesOf(manifest)) {
    const overlay = overlayOf(stage.spec);
    if (overlay === undefined) continue;
    const folder = join(stage.folder, overlay.folder);
    const read = () => readOverlay(folder, "", store);
    overlays.set(stage, atPlace(() => stage.placeOf([overlay.field]), read));
  }
  return overlays;
}

/** Mode bits, owners and times of the machine's files mean nothing: the content decides. */
function readOverlay(folder: string, prefix: string, store: ContentStore): OverlayFile[] {
  return systemEntries(folder).flatMap((entry) => {
    const path = prefix + entry.name;
    const source = join(folder, entry.name);
    if (entry.type === "directory") return readOverlay(source, `${path}/`, store);
    if (entry.type !== "file" || !isCanonical(path)) {
      throw new TowerError(
        "unsupported",
        `Cannot use "${source}" in an overlay: it is no plain file`,
        {
          hint: "name links and directories in the manifest's files stage",
        },
      );
    }
    const bytes = systemBytes(source, OVERLAY_FILE_LIMIT);
    const executable = PROGRAMS.some((start) => start.every((byte, i) => bytes[i] === byte));
    return [{ path, digest: store.put(bytes), size: bytes.length, executable }];
  });
}
