import { TowerError } from "../../errors.ts";

/** An error about a medium that contradicts itself. */
export function malformed(cause: string): TowerError {
  return new TowerError("malformed", `Cannot read the ISO 9660 medium: ${cause}`);
}

/** An error about what a medium may have and is not read here. */
export function unsupported(cause: string): TowerError {
  return new TowerError("unsupported", `Cannot read the ISO 9660 medium: ${cause}`);
}
