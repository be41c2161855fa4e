import type { Env } from "../env.ts";

/** Whether this kind of terminal can be drawn on: one that moves its cursor when told (ECMA-48). */
export function isDrawable(env: Env): boolean {
  return !["", "dumb", "unknown"].includes(env.variable("TERM") ?? "");
}
