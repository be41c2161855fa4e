import { plainUrl } from "../bundle/document.ts";
import { partOf } from "../bundle/layout.ts";
import type { Bundle } from "../bundle/reader.ts";
import { TowerError } from "../errors.ts";
import { checkSize } from "../fetch/expected_size.ts";
import type { Fetcher } from "../fetch/port.ts";
import { shownUrl } from "../report/shown_url.ts";

/** Gives the files of a bundle by the URLs that they came from, and asks nobody. */
export interface BundleFetcher extends Fetcher {
  /** Whether it has the file of a URL. */
  has(url: string): boolean;
}

/** @param what its path in quotes */
export function bundleFetcher(bundle: Bundle, what: string): BundleFetcher {
  const names = new Map<string, string>();
  for (const name of bundle.files.keys()) {
    const part = partOf(name);
    if (part?.kind !== "file") continue;
    const { url } = bundle.document.repositories[part.repository]!;
    names.set(`${url}/${part.arch}/${part.file}`, name);
  }
  return {
    has: (url) => names.has(plainUrl(url)),
    async *stream(url, { limit, size, onProgress }) {
      const name = names.get(plainUrl(url)), shown = shownUrl(url);
      if (name === undefined) {
        throw new TowerError("not-found", `Cannot have "${shown}": ${what} has it not`);
      }
      const file = bundle.files.get(name)!;
      checkSize(shown, file.size, size, limit);
      // Whole before its first byte goes on: a stick that went bad is told as one.
      for (const _ of bundle.read(name));
      let done = 0;
      for (const piece of bundle.read(name)) {
        yield piece.slice();
        onProgress?.(done += piece.length);
      }
    },
  };
}
