import { TowerError } from "../errors.ts";

/** How the index of a repository is called, in the folder of its architecture. */
export const INDEX_FILE = "APKINDEX.tar.gz";

/** A package repository: where its folders by architecture lie, and the tag of its packages. */
export interface RepositorySpec {
  /** As the manifest or the command line spells it, without the tag. */
  readonly name: string;
  /** `http:`, `https:` or `file:` URL, or an absolute path, without a trailing slash. */
  readonly url: string;
  readonly tag?: string;
  /** What to do where it does not answer. */
  readonly mend?: string;
}

/**
 * Parses `URL`, `/path` or `@tag URL`, as apk's repositories file has them.
 *
 * @param folders Where repositories lie that have a name, by name.
 * @throws {TowerError} `usage` for anything else.
 */
export function parseRepository(
  text: string,
  folders: Readonly<Record<string, string>> = {},
): RepositorySpec {
  const match = /^(?:@([a-zA-Z0-9][a-zA-Z0-9_-]*)\s+)?(\S+)$/.exec(text.trim());
  const name = match?.[2]?.replace(/\/+$/, "");
  const folder = name !== undefined && Object.hasOwn(folders, name) ? folders[name] : undefined;
  if (!name || !(folder ?? /^(https?:\/\/[^/]|file:\/\/\/|\/)/.test(name))) {
    const forms = ["an http(s) URL", "an absolute path", '"@tag URL"'];
    forms.push(...Object.keys(folders).map((known) => `"${known}"`));
    throw new TowerError("usage", `Cannot use repository "${text}"`, {
      hint: `give ${forms.slice(0, -1).join(", ")}, or ${forms.at(-1)}`,
    });
  }
  const tag = match?.[1];
  return { name, url: folder ?? name, ...(tag === undefined ? {} : { tag }) };
}

/**
 * Whether a repository that a host names lies beyond it: neither a folder nor a port of its loopback,
 * which would be another machine's where somebody else asks for it.
 */
export function isBeyondHost(url: string): boolean {
  if (!/^https?:/.test(url)) return false;
  const hostname = new URL(url).hostname.replace(/\.$/, "");
  return !/^(localhost|.+\.localhost|(127|0)(\.\d+){3}|\[::1?\])$/.test(hostname);
}

/** URL of a repository's index for an architecture. */
export function indexUrl(url: string, arch: string): string {
  return `${url}/${arch}/${INDEX_FILE}`;
}

/**
 * URL of a package. Packages for all architectures lie beside the others, in the folder of the
 * architecture that is built for.
 */
export function packageUrl(url: string, arch: string, name: string, version: string): string {
  return `${url}/${arch}/${name}-${version}.apk`;
}

/**
 * The lines of /etc/apk/repositories: only what the built system can reach. A folder of the
 * building machine means nothing there and stays out.
 */
export function repositoryLines(repositories: readonly { name: string; tag?: string }[]): string[] {
  return repositories.filter((r) => /^https?:/.test(r.name)).map((r) =>
    r.tag === undefined ? r.name : `@${r.tag} ${r.name}`
  );
}
