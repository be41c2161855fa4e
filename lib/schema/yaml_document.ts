import { type Document, isMap, LineCounter, type Node, parseDocument, visit } from "yaml";
import type { z } from "zod";
import { TowerError } from "../errors.ts";
import { didYouMean } from "../report/did_you_mean.ts";
import { faultMessage, noWords } from "./fault_message.ts";
import { knownFields } from "./known_fields.ts";

/** Largest YAML text that is read, in bytes. */
export const YAML_LIMIT = 1 << 20;

/** One thing that is wrong, and where. Line and column count from 1. */
export interface Fault {
  readonly line: number;
  readonly column: number;
  /** Field as `stages[1].users[0].name`; empty for the whole document. */
  readonly field: string;
  readonly message: string;
}

/**
 * Decodes YAML 1.2 text with a schema: strict, no custom tags, no duplicate keys.
 *
 * @param file Name of the source, for messages only.
 * @param isSecret Whether messages leave out what is written there; of no field by default.
 * @throws {TowerError} `malformed` that lists every fault as `file:line:column: field: what`.
 */
export function decodeYaml<T>(
  text: string,
  file: string,
  schema: z.ZodType<T>,
  isSecret: (path: readonly PropertyKey[]) => boolean = () => false,
): T {
  if (text.length > YAML_LIMIT) {
    throw new TowerError("limit", `Cannot read "${file}": it is larger than ${YAML_LIMIT} bytes`);
  }
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    schema: "core",
    version: "1.2",
    merge: false,
  });
  const broken = [...document.errors, ...document.warnings].map((e): Fault => {
    const { line, col } = lines.linePos(e.pos[0]);
    // Behind a colon the text itself is quoted.
    const message = isSecret([]) ? e.message.replace(/:.*$/s, "") : e.message;
    return { line, column: col, field: "", message };
  });
  broken.push(...danglingAliases(document, lines));
  if (broken.length > 0) throw faultsError(file, broken);
  const result = schema.safeParse(plainValue(document, file), { error: noWords });
  if (result.success) return result.data;
  const issues = result.error.issues.flatMap((issue) => plainIssues(issue, []));
  throw faultsError(
    file,
    issues.flatMap((issue) => faultsOf(issue, { document, lines, schema, isSecret })),
  );
}

/** What issues are told with. */
interface Told {
  readonly document: Document;
  readonly lines: LineCounter;
  readonly schema: z.ZodType;
  readonly isSecret: (path: readonly PropertyKey[]) => boolean;
}

/** Names that nothing before them has. */
function danglingAliases(document: Document, lines: LineCounter): Fault[] {
  const faults: Fault[] = [];
  const anchors = new Set<string>();
  visit(document, {
    Node(_, node) {
      if ("anchor" in node && node.anchor !== undefined) anchors.add(node.anchor);
    },
    Alias(_, alias) {
      if (anchors.has(alias.source)) return;
      const { line, col } = lines.linePos(alias.range?.[0] ?? 0);
      const message = `"*${alias.source}" stands for what "&${alias.source}" marks before it, ` +
        "and nothing does; text that begins with * stands in quotes";
      faults.push({ line, column: col, field: "", message });
    },
  });
  return faults;
}

/** Where a field of a YAML text stands, as `file:line:column: field`. */
export function placeInYaml(
  text: string,
  file: string,
  path: readonly (string | number)[],
): string {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const { line, column } = position(document, lines, path, false);
  return `${file}:${line}:${column}: ${fieldName(path)}`;
}

function plainValue(document: Document, file: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch (cause) {
    throw new TowerError("limit", `Cannot read "${file}": too many aliases`, { cause });
  }
}

/**
 * An issue with its path from the document's root; of a name that none may have, why. Where none of several forms fits, the issues of
 * the form that comes nearest: "Invalid input" alone would help nobody.
 */
function plainIssues(issue: z.core.$ZodIssue, parent: readonly PropertyKey[]): z.core.$ZodIssue[] {
  const path = [...parent, ...issue.path];
  if (issue.code === "invalid_key") return issue.issues.map((inner) => ({ ...inner, path }));
  if (issue.code !== "invalid_union" || issue.errors.length === 0) return [{ ...issue, path }];
  const nearest = issue.errors.reduce((a, b) => weightOf(b) < weightOf(a) ? b : a);
  return nearest.flatMap((inner) => plainIssues(inner, path));
}

/** How far a form is from what stands there: one of another type is farther than one with any faults. */
function weightOf(issues: readonly z.core.$ZodIssue[]): number {
  if (issues.some(({ code, path }) => code === "invalid_type" && path.length === 0)) {
    return Infinity;
  }
  return issues.reduce((sum, i) => sum + (i.code === "unrecognized_keys" ? i.keys.length : 1), 0);
}

function faultsOf(
  issue: z.core.$ZodIssue,
  { document, lines, schema, isSecret }: Told,
): Fault[] {
  const path = issue.path as (string | number)[];
  if (issue.code === "unrecognized_keys") {
    const known = knownFields(schema, path);
    return issue.keys.map((key) => ({
      ...position(document, lines, [...path, key], true),
      field: fieldName([...path, key]),
      message: `is not a known field${didYouMean(key, known)}`,
    }));
  }
  return [{
    ...position(document, lines, path, false),
    field: fieldName(path),
    message: isMissing(issue, document)
      ? "is missing"
      : faultMessage(issue, document.getIn(path, true) as Node | undefined, isSecret(path)),
  }];
}

function isMissing(issue: z.core.$ZodIssue, document: Document): boolean {
  return issue.code.startsWith("invalid_") && !document.hasIn(issue.path);
}

/** Where a field stands; a missing one is where the nearest thing that holds it stands. */
function position(
  document: Document,
  lines: LineCounter,
  path: readonly (string | number)[],
  atKey: boolean,
): { line: number; column: number } {
  for (let depth = path.length; depth >= 0; depth--) {
    const parent = depth === 0 ? undefined : document.getIn(path.slice(0, depth - 1), true);
    const pair = atKey && isMap(parent)
      ? parent.items.find((item) => String(item.key) === String(path[depth - 1]))
      : undefined;
    const node = pair?.key ?? document.getIn(path.slice(0, depth), true);
    const range = (node as { range?: [number, number, number] } | undefined)?.range;
    if (range) {
      const { line, col } = lines.linePos(range[0]);
      return { line, column: col };
    }
  }
  return { line: 1, column: 1 };
}

function fieldName(path: readonly (string | number)[]): string {
  return path.map((part, i) => typeof part === "number" ? `[${part}]` : i === 0 ? part : `.${part}`)
    .join("");
}

function faultsError(file: string, faults: readonly Fault[]): TowerError {
  const text = [...faults].sort((a, b) => a.line - b.line || a.column - b.column).map((f) =>
    `  ${file}:${f.line}:${f.column}: ${f.field ? `${f.field}: ` : ""}${f.message}`
  );
  const count = faults.length === 1 ? "1 fault" : `${faults.length} faults`;
  return new TowerError("malformed", `Cannot read "${file}": ${count}\n${text.join("\n")}`);
}
