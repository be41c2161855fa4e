import { type Arch, ARCHES } from "../../lib/brand.ts";
import { type FieldPath, TowerError } from "../../lib/errors.ts";
import { nearest } from "../../lib/report/did_you_mean.ts";
import { decodeYaml, placeInYaml } from "../../lib/schema/yaml_document.ts";
import { fieldInSpec, type OutputSpec } from "../kinds/outputs.ts";
import type { StageSpec } from "../kinds/stages.ts";
import { manifestFaults, type MergedManifest } from "./checks.ts";
import { faultsError } from "./faults.ts";
import { atPlace, isFor, type Placed, placedAt } from "./placed.ts";
import { type ManifestDocument, manifestDocument } from "./schema.ts";
import { type PlacedSources, sourcesIn, takenSources } from "./sources.ts";
import { orderOfTrees } from "./tree_order.ts";
import {
  allStages,
  extendedTrees,
  type PlacedOutput,
  type PlacedStage,
  type PlacedTree,
  treesIn,
} from "./trees.ts";

/** A whole manifest: what it extends is merged in, nothing is optional any more. */
export interface Manifest {
  readonly name: string;
  readonly description: string;
  readonly version: string | undefined;
  readonly arches: readonly Arch[];
  /** None where the command line must name them. */
  readonly repositories: readonly Placed<string>[];
  /** By name; each is taken by a stage. */
  readonly sources: PlacedSources;
  /** Those that outputs are made of; each after those that it is made of itself. */
  readonly trees: readonly PlacedTree[];
  readonly outputs: readonly PlacedOutput[];
}

/** Where manifests come from. */
export interface ManifestSource {
  /** The path of a system that the program ships, by name; undefined when there is none. */
  systemPath(name: string): string | undefined;
  /** The names of the systems that the program ships. */
  systemNames(): readonly string[];
  /** The names of the manifests in the working folder. */
  manifestNames(): readonly string[];
  /** What is at a path, seen from the working folder; undefined where nothing is. */
  kindOf(path: string): "file" | "folder" | undefined;
  /** @throws {TowerError} `not-found`, with the file that may have been meant */
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
  return complete(
    chain.reduceRight((base, next) => ({
      document: { ...base.document, ...next.document, description: descriptionOf(next.document) },
      placeOf: (field: FieldPath) =>
        says(base.document, field) && !says(next.document, field)
          ? base.placeOf(field)
          : next.placeOf(field),
      sources: new Map([...base.sources, ...next.sources]),
      trees: extendedTrees(base.trees, next.trees),
      outputs: next.outputs ?? base.outputs,
      path: next.path,
    })),
  );
}

/** What it extends describes another system. */
function descriptionOf({ description, extends: base }: ManifestDocument): string | undefined {
  return description ?? (base === undefined ? undefined : `Extends ${base}`);
}

/** The stages of all trees. */
export function stagesOf({ trees }: Manifest): PlacedStage[] {
  return trees.flatMap(({ stages }) => stages);
}

/** A manifest as its file has it. */
interface ReadManifest extends MergedManifest {
  readonly path: string;
  readonly document: ManifestDocument;
}

/** Whether a manifest's own file has a field. */
function says(document: ManifestDocument, [field]: FieldPath): boolean {
  return document[field as keyof ManifestDocument] !== undefined;
}

/** A manifest and those that it extends, each after the one that extends it. */
function readChain(path: string, source: ManifestSource): ReadManifest[] {
  const chain = [readManifest(path, source)];
  for (let last = chain[0]!; last.document.extends !== undefined; last = chain.at(-1)!) {
    const { path, document, placeOf } = last;
    const place = () => placeOf(["extends"]);
    const next = atPlace(place, () => locate(document.extends!, path, source));
    const cause = chain.some((read) => read.path === next)
      ? `it extends ${path === next ? "itself" : `"${next}", which extends it`}`
      : chain.length >= MAX_DEPTH
      ? `more than ${MAX_DEPTH} manifests extend one another`
      : undefined;
    if (cause !== undefined) throw faultsError(path, [{ place: place(), cause }]);
    chain.push(atPlace(place, () => readManifest(next, source)));
  }
  return chain;
}

function readManifest(path: string, source: ManifestSource): ReadManifest {
  const text = source.readText(path);
  const document = decodeYaml(text, path, manifestDocument);
  const placeOf = (field: FieldPath) => placeInYaml(text, path, field);
  return {
    ...{ path, document, placeOf },
    sources: sourcesIn(document, source.folderOf(path), placeOf),
    trees: treesIn(document, source.folderOf(path), placeOf),
    outputs: document.outputs?.map((spec, i) => ({
      spec,
      placeOf: (field) => placeOf(["outputs", i, ...fieldInSpec(spec, field)]),
    })),
  };
}

/** The path of a system by its name, or of a manifest file. @throws {TowerError} `not-found` */
function locate(
  reference: string,
  from: string | undefined,
  source: ManifestSource,
): string {
  if (/\.ya?ml$/.test(reference)) {
    return from === undefined ? reference : source.beside(from, reference);
  }
  const path = source.systemPath(reference);
  if (path !== undefined) return path;
  const kind = from === undefined ? source.kindOf(reference) : undefined;
  if (kind !== undefined) throw noManifest(reference, kind, source);
  const files = from === undefined ? source.manifestNames() : [];
  const meant = meantBy(reference, source.systemNames(), files);
  throw new TowerError("not-found", `Cannot find system "${reference}"${meant}`, {
    hint: `the systems are ${source.systemNames().join(", ")}; a manifest file ends in .yaml`,
  });
}

/** What is there and is no manifest. */
function noManifest(reference: string, kind: "file" | "folder", source: ManifestSource) {
  const cause = kind === "folder" ? "it is a folder" : "its name does not end in .yaml";
  return new TowerError("not-found", `Cannot use "${reference}" as a manifest: ${cause}`, {
    hint: `name a manifest FILE.yaml, or a system: ${source.systemNames().join(", ")}`,
  });
}

/** What may have been meant: a system, or the manifest of a file whose suffix was left out. */
function meantBy(reference: string, systems: readonly string[], files: readonly string[]): string {
  const known = new Map<string, string>([
    ...systems.map((name) => [name, name] as const),
    ...files.map((file) => [file.replace(/\.ya?ml$/, ""), `./${file}`] as const),
  ]);
  const meant = known.get(reference) ?? known.get(nearest(reference, known.keys()) ?? "");
  return meant === undefined ? "" : `; did you mean "${meant}"?`;
}

function complete({ path, ...merged }: ReadManifest): Manifest {
  const { document, sources, trees, outputs } = merged;
  const order = orderOfTrees(trees, outputs);
  const faults = manifestFaults(merged, order);
  if (faults.length > 0) throw faultsError(path, faults);
  return {
    name: document.name,
    description: document.description ?? "",
    version: document.version,
    arches: document.arches!,
    repositories: (document.repositories ?? []).map((spec, i) =>
      placedAt(["repositories", i], spec, merged.placeOf)
    ),
    sources,
    trees: order.trees,
    outputs: outputs!,
  };
}

/** A manifest without what is for other architectures, as if it had never said so. */
export function manifestFor(manifest: Manifest, arch: Arch): Manifest {
  const outputs = partsFor(manifest.outputs, arch);
  const trees = manifest.trees.map((tree) => ({ ...tree, stages: partsFor(tree.stages, arch) }));
  const byName = new Map(trees.map((tree) => [tree.name, tree]));
  const order = orderOfTrees(byName, outputs).trees;
  const sources = takenSources(manifest.sources, order.flatMap(allStages));
  return { ...manifest, arches: [arch], sources, trees: order, outputs };
}

function partsFor<Part extends Placed<StageSpec | OutputSpec>>(
  parts: readonly Part[],
  arch: Arch,
): Part[] {
  return parts.filter(({ spec }) => isFor(spec, arch)).map((part) => {
    const { arches: _, ...spec } = part.spec;
    return { ...part, spec };
  });
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
