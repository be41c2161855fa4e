import { TowerError } from "../../../lib/errors.ts";

/** What a bundle may be asked for by. */
export interface FormOptions {
  readonly for?: readonly string[];
  readonly asked?: string;
  readonly packages?: readonly string[];
  readonly arch?: string;
  readonly repository?: readonly string[];
  readonly keys?: string;
  readonly offline: boolean;
  readonly newSources: boolean;
}

/** Packages for a host of which nothing is known but its architecture and repositories. */
export interface PackagesForm {
  readonly kind: "packages";
  readonly packages: readonly string[];
  readonly arch: string;
  /** As apk's repositories file has them. */
  readonly repositories: readonly string[];
  /** The folder of the keys that sign them. */
  readonly keys: string;
}

/** What a bundle is for: hosts and packages of this tower, a request of another, or packages for any host. */
export type BundleForm =
  | { readonly kind: "hosts"; readonly words: readonly string[]; readonly literal: number }
  | { readonly kind: "asked"; readonly request: string }
  | PackagesForm;

/**
 * Which of the forms a command line has.
 * @param behindDashes what stands behind `--`
 * @throws {TowerError} `usage`
 */
export function formOf(options: FormOptions, behindDashes: readonly string[]): BundleForm {
  const { for: hosts, asked, packages, arch, repository, keys, offline, newSources } = options;
  const hint = "tower bundle create --help tells the three forms";
  const refuse = (cause: string) =>
    new TowerError("usage", `Cannot make a bundle: ${cause}`, { hint });
  if ([hosts, asked, packages].filter((form) => form !== undefined).length !== 1) {
    throw refuse("it takes one of --for, --asked and --packages");
  }
  if (packages === undefined && [arch, repository, keys].some((one) => one !== undefined)) {
    throw refuse("--arch, --repository and --keys go with --packages");
  }
  if (hosts !== undefined) {
    const literal = behindDashes.length;
    return { kind: "hosts", words: [...hosts, ...behindDashes], literal };
  }
  if (offline || newSources) throw refuse("--offline and --new-sources go with --for");
  if (behindDashes.length > 0) throw refuse(`"${behindDashes[0]}" is not of --for`);
  if (asked !== undefined) return { kind: "asked", request: asked };
  if (arch === undefined || repository === undefined || keys === undefined) {
    throw refuse("--packages needs --arch, --repository and --keys");
  }
  if (!/^[a-z0-9_]{2,20}$/.test(arch)) throw refuse(`"${arch}" is no architecture of apk's`);
  return { kind: "packages", packages: packages!, arch, repositories: repository, keys };
}
