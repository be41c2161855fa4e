import { concat } from "../bytes/bytes.ts";
import type { Fetcher, FetchOptions } from "./port.ts";

/**
 * Fetches what is small and wanted by several once for all of them.
 * @param isShared Tells by the URL; everything else goes on as it comes.
 */
export function sharedFetcher(fetcher: Fetcher, isShared: (url: string) => boolean): Fetcher {
  const known = new Map<string, Promise<Uint8Array>>();
  const whole = (url: string, options: FetchOptions) => {
    const bytes = known.get(url) ?? collect(fetcher.stream(url, options));
    known.set(url, bytes);
    // Whoever comes after a failure tries anew.
    bytes.catch(() => known.delete(url));
    return bytes;
  };
  return {
    async *stream(url, options) {
      if (isShared(url)) yield await whole(url, options);
      else yield* fetcher.stream(url, options);
    },
  };
}

async function collect(stream: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const part of stream) parts.push(part);
  return concat(parts);
}
