import { TowerError } from "../../errors.ts";

/** What is said of bytes that are no xz, or damaged. */
export function malformed(cause: string): TowerError {
  return new TowerError("malformed", `Cannot decompress xz: ${cause}`);
}
