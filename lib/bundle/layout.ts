import { indexUrl, packageUrl } from "../packages/repositories.ts";
import { SIGNATURE_SUFFIX, SUMS_FILE } from "../release/file_names.ts";
import { tarHeader } from "../format/tar.ts";
import { DOCUMENT_FILE } from "./document.ts";

/**
 * A bundle is a plain tar: SHA256SUMS, its signature, and then the files that it names in its order, which
 * is that of their names' bytes. All that a header could say beside name and size is fixed, so that the same
 * files are the same bytes. Unpacked, its repositories are such as apk reads.
 */
export const HEAD_FILES = [SUMS_FILE, SUMS_FILE + SIGNATURE_SUFFIX] as const;

/** Most bytes of a file: more would need another header. */
export const MOST_BYTES = 8 ** 11 - 1;

/** Where a bundle has the index of its repository of that number. */
export function indexName(repository: number, arch: string): string {
  return indexUrl(`repositories/${repository}`, arch);
}

/** Where a bundle has a package. */
export function packageName(
  repository: number,
  arch: string,
  name: string,
  version: string,
): string {
  return packageUrl(`repositories/${repository}`, arch, name, version);
}

/** Where a bundle has a key that signs its indexes. */
export function keyName(file: string): string {
  return `keys/${file}`;
}

/** A name in a bundle, taken apart. */
export type NamedPart =
  | { readonly kind: "document" }
  | { readonly kind: "key"; readonly file: string }
  | {
    readonly kind: "file";
    readonly repository: number;
    readonly arch: string;
    readonly file: string;
  };

const FILE = "[A-Za-z0-9_][A-Za-z0-9_.+~@-]{0,99}";
const KEY = new RegExp(`^keys/(${FILE})$`);
const PLACED = new RegExp(`^repositories/(0|[1-9][0-9]{0,2})/([a-z0-9_]{2,20})/(${FILE})$`);

/** What a name in a bundle stands for; undefined for one that a bundle has not. */
export function partOf(name: string): NamedPart | undefined {
  if (name === DOCUMENT_FILE) return { kind: "document" };
  const [, key] = KEY.exec(name) ?? [];
  if (key !== undefined) return { kind: "key", file: key };
  const [, repository, arch, file] = PLACED.exec(name) ?? [];
  if (arch === undefined || file === undefined) return undefined;
  return { kind: "file", repository: Number(repository), arch, file };
}

/** The header of a file: one block. */
export function headerOf(name: string, size: number): Uint8Array {
  const content = { kind: "span", blob: NO_BLOB, offset: 0, size, sha256: undefined } as const;
  const owner = { mode: 0o644, uid: 0, gid: 0, mtime: 0, origin: "stage:bundle" } as const;
  return tarHeader({ ...owner, type: "file", path: name, content });
}

const NO_BLOB = "sha256:" as never;
