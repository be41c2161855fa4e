import { messagesOf, TowerError } from "../../lib/errors.ts";

/** An error as a value. */
export function errorJson(error: unknown): { code: string; messages: string[] } {
  return {
    code: error instanceof TowerError ? error.code : "tool",
    messages: messagesOf(error),
  };
}
