import type { z } from "zod";
import { TowerError } from "../errors.ts";
import { strictJson } from "../strict_json.ts";

/** Most faults that a message tells, and most characters of each: it may quote what stands there. */
const MOST_FAULTS = 8;
const MOST_SHOWN = 200;

/** A JSON text from outside, and how it is spoken of. */
export interface JsonText {
  readonly text: string;
  /** Such as `lock "x.lock.json"`. */
  readonly what: string;
  /** What to do where it cannot be read. */
  readonly hint?: string;
}

/** Reads JSON without a schema. @throws {TowerError} `malformed`, also where a name comes twice */
export function parseJson({ text, what, hint }: JsonText): unknown {
  try {
    return strictJson(text);
  } catch (cause) {
    throw new TowerError("malformed", `Cannot read ${what}: it is not JSON`, {
      cause,
      ...hint === undefined ? {} : { hint },
    });
  }
}

/** Reads JSON with a schema. @throws {TowerError} as {@linkcode parseJson} and {@linkcode decodeValue} */
export function decodeJson<T extends z.ZodType>(json: JsonText, schema: T): z.infer<T> {
  return decodeValue(parseJson(json), json, schema);
}

/** What a schema makes of JSON that was parsed. @throws {TowerError} `malformed` with what is wrong */
export function decodeValue<T extends z.ZodType>(
  value: unknown,
  json: Pick<JsonText, "what" | "hint">,
  schema: T,
): z.infer<T> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw faultyJson(json, faultsOf(result.error));
}

/** What a schema finds wrong, a text for each: `packages.0.size: …`. */
export function faultsOf({ issues }: z.ZodError): string[] {
  return issues.slice(0, MOST_FAULTS).map((issue) =>
    `${issue.path.join(".")}: ${issue.message}`.slice(0, MOST_SHOWN)
  );
}

/** An error that tells what is wrong with JSON. */
export function faultyJson(
  { what, hint }: Pick<JsonText, "what" | "hint">,
  faults: readonly string[],
): TowerError {
  const told = faults.slice(0, MOST_FAULTS).join("; ");
  return new TowerError(
    "malformed",
    `Cannot read ${what}: ${told}`,
    hint === undefined ? {} : { hint },
  );
}
