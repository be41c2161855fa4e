import type { Arch } from "../../lib/brand.ts";
import { messagesOf, TowerError } from "../../lib/errors.ts";
import { placeInYaml } from "../../lib/schema/yaml_document.ts";
import { isFor, locate, type ManifestSource, readChain } from "./manifest.ts";

/** A stage or an output, by its number in the plan. */
export type Part = { readonly stage: number } | { readonly output: number };

/** Tells of an error in which part of a manifest it has its reason, where that is known. */
export type PlaceError = (part: Part, error: unknown) => unknown;

/** What says nothing of a manifest. */
const MACHINE = ["interrupted", "io", "permission", "tool", "busy", "damaged"];

/**
 * Makes errors say where the manifest, or one that it extends, asks for what could not be done:
 * a line `file:line:column: outputs[0].boot.size`.
 */
export function errorPlacer(reference: string, arch: Arch, source: ManifestSource): PlaceError {
  return (part, error) => {
    if (!(error instanceof TowerError) || MACHINE.includes(error.code)) return error;
    const place = placeOf(part, messagesOf(error).join("\n"), reference, arch, source);
    // A full disk has no field.
    if (place === undefined || (error.code === "no-space" && !place.isField)) return error;
    return new TowerError(error.code, `${error.message}\n${place.text}`, {
      cause: error.cause,
      ...(error.hint === undefined ? {} : { hint: error.hint }),
    });
  };
}

function placeOf(
  part: Part,
  message: string,
  reference: string,
  arch: Arch,
  source: ManifestSource,
): { text: string; isField: boolean } | undefined {
  const chain = readChain(locate(reference, undefined, source), source);
  const list = "stage" in part
    ? chain.toReversed().flatMap(({ path, document }) =>
      document.stages.map((spec, i) => ({ path, at: ["stages", i], spec }))
    )
    : chain.filter(({ document }) => document.outputs).slice(0, 1).flatMap(({ path, document }) =>
      document.outputs!.map((spec, i) => ({ path, at: ["outputs", i], spec }))
    );
  // A plan has the packages of all stages in one, its first.
  const planned = list.filter(({ spec }) => isFor(spec, arch) && spec.kind !== "packages");
  const found = planned["stage" in part ? part.stage - 1 : part.output];
  if (found === undefined) return undefined;
  const field = fieldOf(found.spec, message);
  const text = placeInYaml(source.readText(found.path), found.path, [...found.at, ...field]);
  return { text, isField: field.length > 0 };
}

/** The size of the partition that a message names, or the field whose value it quotes. */
function fieldOf(spec: object, message: string): (string | number)[] {
  const partition = /the (boot|root) partition/.exec(message)?.[1];
  const room = Object.entries(spec).find(([key]) => key === partition)?.[1];
  if (room !== undefined) return [partition!, room.size === undefined ? "free" : "size"];
  const isQuoted = (value: string) =>
    // As it is, as a path, or at the end of one: vmlinuz-FLAVOUR.
    [`"${value}"`, `"/${value}"`, `-${value}"`].some((quoted) => message.includes(quoted));
  const quoted = leavesOf(spec).filter(({ value, path }) =>
    !["file", "kind"].includes(String(path[0])) && isQuoted(value)
  );
  return quoted.sort((a, b) => b.value.length - a.value.length)[0]?.path ?? [];
}

function leavesOf(value: unknown): { path: (string | number)[]; value: string }[] {
  if (typeof value === "string") return [{ path: [], value }];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    leavesOf(inner).map((leaf) => ({
      ...leaf,
      path: [Array.isArray(value) ? Number(key) : key, ...leaf.path],
    }))
  );
}
