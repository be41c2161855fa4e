import { isMap, isScalar, isSeq, type Node } from "yaml";
import type { z } from "zod";
import { didYouMean } from "../report/did_you_mean.ts";

const KINDS: Readonly<Record<string, string>> = {
  string: "text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "fields with values",
  map: "fields with values",
  record: "fields with values",
};

/** What a schema is asked for in place of the library's words: they are of its own world. */
export const noWords = () => "";

/**
 * What is wrong with a value, in the words of who writes YAML. What a schema has words of its own
 * for stays as it is.
 *
 * @param issue Of a schema that was asked for {@linkcode noWords}.
 * @param node What stands there.
 * @param isSecret Whether its text must not be shown.
 */
export function faultMessage(
  issue: z.core.$ZodIssue,
  node: Node | undefined,
  isSecret: boolean,
): string {
  if (issue.message !== "") return issue.message;
  switch (issue.code) {
    case "invalid_type": {
      const wanted = `must be ${KINDS[issue.expected] ?? issue.expected}`;
      const quoted = issue.expected === "string" ? inQuotes(node, isSecret) : undefined;
      return `${wanted}, not ${kindOf(node)}${quoted === undefined ? "" : `: write ${quoted}`}`;
    }
    case "invalid_value":
      return mustBeOneOf(issue.values.map(String), node, isSecret);
    case "invalid_union":
      // Of forms that a field tells apart: it has none of their names.
      return "options" in issue && Array.isArray(issue.options)
        ? mustBeOneOf(issue.options.map(String), node, isSecret)
        : "has none of the forms that it may have";
    case "too_small":
      return `must ${measured(issue.origin, "at least", issue.minimum)}`;
    case "too_big":
      return `must ${measured(issue.origin, "at most", issue.maximum)}`;
    case "not_multiple_of":
      return `must be a multiple of ${issue.divisor}`;
    case "invalid_format":
      return issue.pattern === undefined
        ? `must have the form of ${issue.format}`
        : `must look like ${issue.pattern}`;
    default:
      return "must be something else";
  }
}

function mustBeOneOf(values: readonly string[], node: Node | undefined, isSecret: boolean): string {
  const word = isScalar(node) && typeof node.value === "string" ? node.value : "";
  const choice = values.length === 1 ? values[0] : `one of ${values.join(", ")}`;
  return `must be ${choice}${isSecret ? "" : didYouMean(word, values)}`;
}

/** What is counted of values that have a size. */
const COUNTED: Readonly<Record<string, string>> = {
  string: "characters",
  array: "items",
  set: "items",
  map: "fields",
};

function measured(origin: string, bound: string, limit: number | bigint): string {
  const counted = COUNTED[origin];
  return counted === undefined ? `be ${bound} ${limit}` : `have ${bound} ${limit} ${counted}`;
}

function kindOf(node: Node | undefined): string {
  if (isMap(node)) return "fields with values";
  if (isSeq(node)) return "a list";
  const value = isScalar(node) ? node.value : null;
  if (value === null || value === undefined) return "nothing";
  if (typeof value === "boolean") return "true or false";
  return typeof value === "string" ? "text" : "a number";
}

/** A number, or a word that YAML takes for something else, as text. */
function inQuotes(node: Node | undefined, isSecret: boolean): string | undefined {
  if (!isScalar(node) || node.value === null || typeof node.source !== "string") return undefined;
  return isSecret || node.source.length > 60 ? "it in quotes" : `"${node.source}" in quotes`;
}
