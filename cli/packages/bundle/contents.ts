import { readIndexArchive } from "../../../lib/apk/index_archive.ts";
import type { TrustedKey } from "../../../lib/apk/types.ts";
import {
  type BundleDocument,
  DOCUMENT_FILE,
  formatDocument,
  plainUrl,
} from "../../../lib/bundle/document.ts";
import { indexName, keyName, packageName } from "../../../lib/bundle/layout.ts";
import { bundledBytes, type BundledFile } from "../../../lib/bundle/writer.ts";
import { compareBytes } from "../../../lib/bytes/bytes.ts";
import { TowerError } from "../../../lib/errors.ts";
import { loadComing } from "../../../lib/package_way/host_sources.ts";
import { shownUrl } from "../../../lib/report/shown_url.ts";
import type { Wish } from "./wish.ts";

/** What goes into a bundle. */
export interface BundleContents {
  readonly document: BundleDocument;
  readonly files: readonly BundledFile[];
}

/**
 * Brings what is wished into the store, each package verified, and places it in a bundle: what several
 * wish is in it once, and neither their order nor that of their repositories decides a byte.
 * @throws {TowerError} `conflict` where a repository or a key is not the same for all
 */
export async function bundleContents(wishes: readonly Wish[]): Promise<BundleContents> {
  const places = placesOf(wishes);
  const files = new Map<string, BundledFile>();
  const put = (file: BundledFile, why: string) => {
    const other = files.get(file.name);
    if (other !== undefined && other.digest !== file.digest) {
      throw new TowerError("conflict", `Cannot put "${file.name}" into a bundle: ${why}`);
    }
    files.set(file.name, file);
  };
  for (const { sources, context, coming } of wishes) {
    const { arch, keys } = context;
    const placeOf = (url: string) => places.findIndex(isPlace(url, arch));
    for (const { url, index } of sources) {
      const why = `"${shownUrl(url)}" changed meanwhile; do it once more`;
      put(bundledBytes(indexName(placeOf(url), arch), index), why);
      const { name, pem } = signerOf(index, keys);
      const bytes = new TextEncoder().encode(pem);
      put(bundledBytes(keyName(name), bytes), "hosts trust different keys of that name");
    }
    const loaded = await loadComing(coming, sources, context);
    for (const [i, { package: p, repository }] of coming.entries()) {
      const name = packageName(placeOf(sources[repository]!.url), arch, p.name, p.version);
      put({ name, ...loaded[i]! }, "two repositories of one URL differ");
    }
  }
  const document: BundleDocument = {
    format: 1,
    for: wishes.map(({ host, packages, context: { arch } }) => ({
      ...host === undefined ? {} : { host },
      arch,
      packages: packages.toSorted(compareBytes),
    })).sort((a, b) => compareBytes(a.host ?? "", b.host ?? "")),
    repositories: places,
  };
  const described = bundledBytes(
    DOCUMENT_FILE,
    new TextEncoder().encode(formatDocument(document)),
  );
  return { document, files: [described, ...files.values()] };
}

type Place = BundleDocument["repositories"][number];

function isPlace(url: string, arch: string) {
  const plain = plainUrl(url);
  return (place: Place) => place.url === plain && place.arch === arch;
}

/** The repositories of all, each once. */
function placesOf(wishes: readonly Wish[]): Place[] {
  const places: Place[] = [];
  for (const { sources, context: { arch } } of wishes) {
    for (const { url } of sources) {
      if (!places.some(isPlace(url, arch))) places.push({ url: plainUrl(url), arch });
    }
  }
  return places.sort((a, b) => compareBytes(`${a.url} ${a.arch}`, `${b.url} ${b.arch}`));
}

/** The key of those that are trusted by which an index was verified. */
function signerOf(index: Uint8Array, keys: readonly TrustedKey[]): TrustedKey {
  const { signedBy: { name, digest } } = readIndexArchive(index, keys);
  return keys.find((key) => key.name === name && key.digest === digest)!;
}
