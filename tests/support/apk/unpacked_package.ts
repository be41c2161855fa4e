import type { PackageEntry } from "../../../lib/apk/package_entry.ts";
import type { PackageInfo, UnpackedPackage } from "../../../lib/apk/types.ts";
import { entryTable } from "../../../lib/apk/entry_table.ts";
import type { Identity } from "../../../lib/apk/identity.ts";
import type { Digest } from "../../../lib/brand.ts";

/** A digest that stands for any. */
export const ANY_DIGEST = `sha256:${"0".repeat(64)}` as Digest;

/** What a test says of a package; the rest is a plain one. */
export interface PackageParts {
  readonly entries?: readonly PackageEntry[];
  readonly info?: Partial<PackageInfo>;
  readonly scripts?: UnpackedPackage["scripts"];
  readonly data?: Digest;
}

/** A package as if it had been read, without any bytes behind it. */
export function unpackedPackage(name: string, parts: PackageParts = {}): UnpackedPackage {
  return {
    digest: ANY_DIGEST,
    size: 9,
    identity: `Q1${name}` as Identity,
    info: {
      name,
      version: "1.0-r0",
      arch: "x86_64",
      description: "",
      url: "",
      license: "MIT",
      installedSize: 4096,
      depends: [],
      provides: [],
      installIf: [],
      replaces: [],
      triggers: [],
      ...parts.info,
    },
    scripts: parts.scripts ?? [],
    signedBy: { name: "key", digest: ANY_DIGEST },
    data: parts.data ?? ANY_DIGEST,
    entries: entryTable(parts.entries ?? []),
  };
}
