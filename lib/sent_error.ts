import { type ErrorCode, messagesOf, TowerError } from "./errors.ts";

/** An error as a message: structured cloning would lose its class and code. */
export interface SentError {
  readonly code?: ErrorCode;
  readonly hint?: string;
  /** The messages of the error and its causes, outermost first. */
  readonly messages: readonly string[];
}

export function sentError(error: unknown): SentError {
  const messages = messagesOf(error);
  if (!(error instanceof TowerError)) return { messages };
  return { messages, code: error.code, ...(error.hint === undefined ? {} : { hint: error.hint }) };
}

export function receivedError({ code, hint, messages }: SentError): Error {
  const [message = "unknown error", ...causes] = messages;
  const cause = causes.reduceRight<Error | undefined>(
    (inner, text) => new Error(text, inner && { cause: inner }),
    undefined,
  );
  if (code === undefined) return new Error(message, cause && { cause });
  return new TowerError(code, message, { cause, ...(hint === undefined ? {} : { hint }) });
}
