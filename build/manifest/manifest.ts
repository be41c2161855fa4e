import { type Arch, ARCHES } from "../../lib/brand.ts";
import { TowerError } from "../../lib/errors.ts";
import { OWN_FILES, treeFile } from "../../lib/release/file_names.ts";
import { didYouMean } from "../../lib/report/did_you_mean.ts";
import { decodeYaml, placeInYaml } from "../../lib/schema/yaml_document.ts";
import { filesOf, isOwnFile } from "./file_names.ts";
import {
  type ManifestDocument,
  manifestDocument,
  type OutputSpec,
  type PackagesSpec,
  type StageSpec,
  type Wanted,
} from "./schema.ts";

/** A stage and the folder that its relative paths start from. */
export interface PlacedStage {
  readonly spec: StageSpec;
  readonly folder: string;
}

/** A whole manifest: what it extends is merged in, nothing is optional any more. */
export interface Manifest {
  readonly name: string;
  readonly description: string;
  readonly version: string | undefined;
  readonly arches: readonly Arch[];
  /** None where the command line must name them. */
  readonly repositories: readonly string[];
  readonly stages: readonly PlacedStage[];
  readonly outputs: readonly OutputSpec[];
}

/** Where manifests come from. */
export interface ManifestSource {
  /** The path of a system that the program ships, by name; undefined when there is none. */
  systemPath(name: string): string | undefined;
  /** The names of the systems that the program ships. */
  systemNames(): readonly string[];
  readText(path: string): string;
  /** `path` as seen from the folder of the manifest `from`. */
  beside(from: string, path: string): string;
  folderOf(path: string): string;
}

/** Longest chain of `extends`. */
const MAX_DEPTH = 4;

/**
 * Reads a manifest and all it extends.
 *
 * @param reference A system's name, or a path that ends in .yaml or .yml.
 * @throws {TowerError} `not-found`, or `malformed` with every fault and its line.
 */
export function loadManifest(reference: string, source: ManifestSource): Manifest {
  const chain = readChain(locate(reference, undefined, source), source);
  const [first, ...rest] = chain.reverse();
  let merged = first!;
  for (const next of rest) {
    merged = {
      document: {
        ...merged.document,
        ...next.document,
        outputs: next.document.outputs ?? merged.document.outputs,
        arches: next.document.arches ?? merged.document.arches,
        repositories: next.document.repositories ?? merged.document.repositories,
      },
      stages: [...merged.stages, ...next.stages],
      path: next.path,
    };
  }
  return complete(merged);
}

/**
 * Where a manifest, or one that it extends, asks for an item of the world:
 * `file:line:column: stages[0].world[3]`.
 */
export function placeOfItem(
  reference: string,
  source: ManifestSource,
  item: Wanted,
): string | undefined {
  const text = JSON.stringify(item);
  for (const { path, document } of readChain(locate(reference, undefined, source), source)) {
    for (const [stage, spec] of document.stages.entries()) {
      const at = spec.kind === "packages"
        ? spec.world.findIndex((other) => JSON.stringify(other) === text)
        : -1;
      if (at >= 0) return placeInYaml(source.readText(path), path, ["stages", stage, "world", at]);
    }
  }
  return undefined;
}

/** A manifest as its file has it. */
export interface ReadManifest {
  readonly path: string;
  readonly document: ManifestDocument;
  readonly stages: readonly PlacedStage[];
}

/** A manifest and those that it extends, each after the one that extends it. */
export function readChain(path: string, source: ManifestSource): ReadManifest[] {
  const chain: ReadManifest[] = [];
  for (let next: string | undefined = path; next !== undefined;) {
    const known = chain.findIndex((read) => read.path === next);
    if (known >= 0) throw extendsItself(chain.at(-1)!.path, next, source);
    if (chain.length >= MAX_DEPTH) {
      throw new TowerError(
        "limit",
        `Cannot read "${path}": more than ${MAX_DEPTH} manifests extend one another`,
      );
    }
    const document: ManifestDocument = decodeYaml(source.readText(next), next, manifestDocument);
    const folder = source.folderOf(next);
    chain.push({ path: next, document, stages: document.stages.map((spec) => ({ spec, folder })) });
    next = document.extends === undefined ? undefined : locate(document.extends, next, source);
  }
  return chain;
}

function extendsItself(path: string, extended: string, source: ManifestSource): TowerError {
  const place = placeInYaml(source.readText(path), path, ["extends"]);
  const whom = path === extended ? "itself" : `"${extended}", which extends it`;
  return new TowerError("malformed", `Cannot read "${path}": it extends ${whom}\n  ${place}`);
}

/** The path of a system by its name, or of a manifest file. @throws {TowerError} `not-found` */
export function locate(
  reference: string,
  from: string | undefined,
  source: ManifestSource,
): string {
  if (/\.ya?ml$/.test(reference)) {
    return from === undefined ? reference : source.beside(from, reference);
  }
  const path = source.systemPath(reference);
  if (path !== undefined) return path;
  const meant = didYouMean(reference, source.systemNames());
  throw new TowerError("not-found", `Cannot find system "${reference}"${meant}`, {
    hint: `the systems are ${source.systemNames().join(", ")}; a manifest file ends in .yaml`,
  });
}

function complete({ document, stages, path }: ReadManifest): Manifest {
  const missing = (["arches", "outputs"] as const).filter((f) => !document[f]);
  if (!stages.some((s) => s.spec.kind === "packages")) missing.push("stages" as never);
  if (missing.length > 0) {
    const what = missing.map((f) => (f as string) === "stages" ? '"packages" stage' : `"${f}"`);
    throw new TowerError("malformed", `Cannot use "${path}": it has no ${what.join(", no ")}`);
  }
  for (const arch of document.arches!) checkOutputs(document.outputs!, arch, path);
  const files = document.outputs!.flatMap(filesOf);
  const versioned = files.find((f) => f.includes("{version}"));
  if (versioned !== undefined && document.version === undefined) {
    throw new TowerError(
      "malformed",
      `Cannot use "${path}": an output is named "${versioned}", and there is no "version"`,
    );
  }
  const reserved = files.find((f) => isOwnFile(document.name, f));
  if (reserved !== undefined) {
    throw new TowerError(
      "malformed",
      `Cannot use "${path}": an output is named "${reserved}", as a file of the build's own`,
      { hint: `the build's own: ${OWN_FILES.join(", ")}, ${treeFile(document.name)}, *.lock.json` },
    );
  }
  return {
    name: document.name,
    description: document.description ?? "",
    version: document.version,
    arches: document.arches!,
    repositories: document.repositories ?? [],
    stages,
    outputs: document.outputs!,
  };
}

/** Each architecture has an output, and no two of one name. */
function checkOutputs(outputs: readonly OutputSpec[], arch: Arch, path: string): void {
  const files = outputs.filter((spec) => isFor(spec, arch)).flatMap(filesOf);
  const double = files.find((f, i) => files.indexOf(f) !== i);
  const cause = double !== undefined
    ? `two outputs are named "${double}"`
    : files.length === 0
    ? `no output is for "${arch}"`
    : undefined;
  if (cause === undefined) return;
  throw new TowerError("malformed", `Cannot use "${path}": ${cause}`);
}

/** Whether a stage or an output is for an architecture. */
export function isFor(
  { arches }: { readonly arches?: readonly Arch[] | undefined },
  arch: Arch,
): boolean {
  return arches === undefined || arches.includes(arch);
}

/** A manifest without what is for other architectures, as if it had never said so. */
export function manifestFor(manifest: Manifest, arch: Arch): Manifest {
  return {
    ...manifest,
    arches: [arch],
    stages: manifest.stages.filter(({ spec }) => isFor(spec, arch))
      .map(({ spec, folder }) => ({ spec: withoutArches(spec), folder })),
    outputs: manifest.outputs.filter((spec) => isFor(spec, arch)).map(withoutArches),
  };
}

function withoutArches<T extends StageSpec | OutputSpec>(spec: T): T {
  const { arches: _, ...rest } = spec;
  return rest as T;
}

/** The architecture to build for: the one asked for, or the manifest's only or first one. */
export function chooseArch(manifest: Manifest, asked: string | undefined): Arch {
  const arch = asked ?? manifest.arches[0]!;
  if ((manifest.arches as readonly string[]).includes(arch)) return arch as Arch;
  const known = (ARCHES as readonly string[]).includes(arch);
  throw new TowerError("usage", `Cannot build "${manifest.name}" for "${arch}"`, {
    hint: `${known ? "this system" : "Tower"} knows ${
      (known ? manifest.arches : ARCHES).join(", ")
    }`,
  });
}

/** Every package wanted, by all packages stages together, in the order written. */
export function worldOf(manifest: Manifest): Wanted[] {
  return distinct(packagesStages(manifest).flatMap((s) => s.world));
}

/** Every package wanted where a repository has it, in the order written. */
export function optionalOf(manifest: Manifest): Wanted[] {
  return distinct(packagesStages(manifest).flatMap((s) => s.optional));
}

function distinct(items: readonly Wanted[]): Wanted[] {
  return [...new Map(items.map((item) => [JSON.stringify(item), item])).values()];
}

/** The packages stages of a manifest. */
export function packagesStages(manifest: Manifest): PackagesSpec[] {
  return manifest.stages.map((s) => s.spec).filter((s) => s.kind === "packages");
}
