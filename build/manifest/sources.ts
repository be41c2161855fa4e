import type { FieldPath } from "../../lib/errors.ts";
import { didYouMean } from "../../lib/report/did_you_mean.ts";
import type { SourceSpec } from "../kinds/sources.ts";
import { sourceOf } from "../kinds/stages.ts";
import type { Fault } from "./faults.ts";
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

/** Each source that a stage takes is there, and each that is there is taken. */
export function sourceFaults(sources: PlacedSources, stages: readonly PlacedStage[]): Fault[] {
  const unknown = stages.flatMap(({ spec, placeOf }): Fault[] => {
    const name = sourceOf(spec);
    if (name === undefined || sources.has(name)) return [];
    const cause = `there is no source "${name}"${didYouMean(name, [...sources.keys()])}`;
    return [{ place: placeOf(["source"]), cause, hint: 'what is taken stands under "sources"' }];
  });
  const taken = takenSources(sources, stages);
  const idle = [...sources].filter(([name]) => !taken.has(name)).map(([name, { placeOf }]) => ({
    place: placeOf([]),
    cause: `no stage takes the source "${name}"`,
    hint: "a stage of the kind unpack takes one, or a tree that begins from it",
  }));
  return [...unknown, ...idle];
}
