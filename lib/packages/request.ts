import type { Identity } from "../apk/identity.ts";
import type { Digest } from "../brand.ts";

/** A package to load, as a lock or an index names it. */
export interface PackageRequest {
  /** `http:`, `https:` or `file:` URL, or an absolute path. */
  readonly url: string;
  readonly expect: {
    readonly identity: Identity;
    readonly name: string;
    readonly version: string;
    readonly size: number;
    readonly digest?: Digest;
  };
}
