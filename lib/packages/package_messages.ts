import type { TrustedKey, UnpackedPackage } from "../apk/types.ts";
import type { SentError } from "../sent_error.ts";
import type { PackageRequest } from "./request.ts";
import type { Patience } from "../fetch/patience.ts";

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
