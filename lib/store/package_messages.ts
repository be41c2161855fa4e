import type { TrustedKey, UnpackedPackage } from "../apk/types.ts";
import { type ErrorCode, messagesOf, TowerError } from "../errors.ts";
import type { PackageRequest } from "./ports.ts";
import type { Patience } from "./patience.ts";

/** How a worker fetches; only what can be sent to it. */
export interface FetchPolicy {
  readonly offline: boolean;
  readonly patience: Patience;
}

/** What the loader tells a worker. */
export type Order =
  | {
    readonly type: "open";
    readonly folder: string;
    readonly keys: readonly TrustedKey[];
    readonly policy: FetchPolicy;
  }
  | { readonly type: "load"; readonly request: PackageRequest }
  | { readonly type: "stop" };

/** What a worker tells the loader. */
export type Answer =
  | { readonly type: "received"; readonly bytes: number }
  | { readonly type: "notice"; readonly message: string }
  | { readonly type: "loaded"; readonly package: UnpackedPackage }
  | { readonly type: "failed"; readonly error: SentError }
  | { readonly type: "stopped" };

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
