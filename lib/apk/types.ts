import type { Digest } from "../brand.ts";
import type { EntryTable } from "./entry_table.ts";
import type { Identity } from "./identity.ts";

/** What .PKGINFO and the index both say of a package. Dependencies are kept as written. */
export interface PackageFields {
  readonly name: string;
  readonly version: string;
  readonly arch: string;
  readonly description: string;
  readonly url: string;
  readonly license: string;
  /** Bytes on disk once installed. */
  readonly installedSize: number;
  readonly origin?: string;
  readonly maintainer?: string;
  /** Seconds since 1970. */
  readonly buildTime?: number;
  readonly commit?: string;
  readonly providerPriority?: number;
  readonly depends: readonly string[];
  readonly provides: readonly string[];
  readonly installIf: readonly string[];
}

/** A package as an index lists it. */
export interface IndexedPackage extends PackageFields {
  readonly identity: Identity;
  /** Bytes of the .apk file. */
  readonly size: number;
  /** Why the package can never be chosen: its record asks for what this program does not know. */
  readonly uninstallable?: string;
}

/** A package as its own .PKGINFO describes it. */
export interface PackageInfo extends PackageFields {
  readonly replaces: readonly string[];
  readonly replacesPriority?: number;
  /** Directory globs, as written. */
  readonly triggers: readonly string[];
  /** SHA-256 of the compressed data member, lower-case hexadecimal. */
  readonly dataHash?: string;
}

export const SCRIPT_KINDS = [
  "pre-install",
  "post-install",
  "pre-upgrade",
  "post-upgrade",
  "pre-deinstall",
  "post-deinstall",
  "trigger",
] as const;
export type ScriptKind = (typeof SCRIPT_KINDS)[number];

/** The key that a signature was verified with. */
export interface SigningKey {
  /** File name, such as `alpine-devel@lists.alpinelinux.org-6165ee59.rsa.pub`. */
  readonly name: string;
  /** SHA-256 of the PEM file. */
  readonly digest: Digest;
}

/** Everything known of a package once its bytes were read and verified. Plain JSON. */
export interface UnpackedPackage {
  /** SHA-256 of the whole .apk file. */
  readonly digest: Digest;
  readonly size: number;
  readonly identity: Identity;
  readonly info: PackageInfo;
  /** Scripts in the order of {@linkcode SCRIPT_KINDS}; the text is base64 of the bytes. */
  readonly scripts: readonly { readonly kind: ScriptKind; readonly base64: string }[];
  readonly signedBy: SigningKey;
  /** The decompressed data member as a blob of the content store. */
  readonly data: Digest;
  readonly entries: EntryTable;
}

/** A public key that signatures are checked against. */
export interface TrustedKey extends SigningKey {
  /** SubjectPublicKeyInfo or PKCS#1 public key in PEM. */
  readonly pem: string;
}
