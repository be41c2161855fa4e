import { type FieldPath, TowerError } from "../../lib/errors.ts";
import { didYouMean } from "../../lib/report/did_you_mean.ts";
import type { SourceSpec } from "../kinds/sources.ts";
import { sourceOf } from "../kinds/stages.ts";
import { type Placed, placedAt } from "./placed.ts";
import type { ManifestDocument } from "./schema.ts";
import type { PlacedStage } from "./trees.ts";

/** A source, and the folder that its relative paths start from. */
export interface PlacedSource extends Placed<SourceSpec> {
  readonly folder: string;
}
/** Sources by name, in the order written. */
export type PlacedSources = ReadonlyMap<string, PlacedSource>;

/** The sources that a manifest's own file has. */
export function sourcesIn(
  { sources }: ManifestDocument,
  folder: string,
  placeOf: (field: FieldPath) => string,
): PlacedSources {
  return new Map(
    Object.entries(sources).map(([name, spec]) => [
      name,
      { ...placedAt<SourceSpec>(["sources", name], spec, placeOf), folder },
    ]),
  );
}

/** The sources that stages take. */
export function takenSources(
  sources: PlacedSources,
  stages: readonly PlacedStage[],
): PlacedSources {
  const taken = new Set(stages.map(({ spec }) => sourceOf(spec)));
  return new Map([...sources].filter(([name]) => taken.has(name)));
}

/**
 * Each source that a stage takes is there, and each that is there is taken.
 * @throws {TowerError} `malformed`
 */
export function checkSources(
  sources: PlacedSources,
  stages: readonly PlacedStage[],
  path: string,
): void {
  for (const { spec, placeOf } of stages) {
    const name = sourceOf(spec);
    if (name === undefined || sources.has(name)) continue;
    const cause = `there is no source "${name}"${didYouMean(name, [...sources.keys()])}`;
    throw new TowerError("malformed", `Cannot use "${path}": ${cause}\n${placeOf(["source"])}`);
  }
  const taken = takenSources(sources, stages);
  for (const [name, { placeOf }] of sources) {
    if (taken.has(name)) continue;
    const cause = `no stage takes the source "${name}"`;
    throw new TowerError("malformed", `Cannot use "${path}": ${cause}\n${placeOf([])}`);
  }
}
