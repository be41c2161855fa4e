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
  record: "fields with values",
};

/**
 * What is wrong with a value, in the words of who writes YAML. What a schema has words of its own
 * for stays as it is.
 *
 * @param node What stands there.
 * @param isSecret Whether its text must not be shown.
 */
export function faultMessage(
  issue: z.core.$ZodIssue,
  node: Node | undefined,
  isSecret: boolean,
): string {
  if (!issue.message.startsWith("Invalid ")) return issue.message;
  if (issue.code === "invalid_type") {
    const wanted = `must be ${KINDS[issue.expected] ?? issue.expected}`;
    const quoted = issue.expected === "string" ? inQuotes(node, isSecret) : undefined;
    return `${wanted}, not ${kindOf(node)}${quoted === undefined ? "" : `: write ${quoted}`}`;
  }
  if (issue.code !== "invalid_value") return issue.message;
  const values = issue.values.map(String);
  const word = isScalar(node) && typeof node.value === "string" ? node.value : "";
  const choice = values.length === 1 ? values[0] : `one of ${values.join(", ")}`;
  return `must be ${choice}${isSecret ? "" : didYouMean(word, values)}`;
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
