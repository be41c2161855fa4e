import { TowerError } from "../errors.ts";

/** @throws {TowerError} `limit` or `malformed` when a resource has not the size it should. */
export function checkSize(
  shown: string,
  actual: number,
  expected: number | undefined,
  limit: number,
): void {
  if (expected !== undefined && actual !== expected) {
    throw new TowerError(
      "malformed",
      `Cannot use "${shown}": it has ${actual} bytes instead of ${expected}`,
      { hint: "The source changed or is broken: check it, or make a new lock" },
    );
  }
  if (actual > limit) {
    throw new TowerError("limit", `Cannot use "${shown}": it has more than ${limit} bytes`);
  }
}

/** @throws {TowerError} as {@linkcode checkSize}, as soon as a growing resource is too large. */
export function checkGrowth(
  shown: string,
  received: number,
  expected: number | undefined,
  limit: number,
): void {
  if (received > (expected ?? limit)) checkSize(shown, received, expected, limit);
}
