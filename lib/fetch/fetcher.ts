import { TowerError } from "../errors.ts";
import { fileError } from "../files/file_error.ts";
import { HttpTransfer } from "./http_transfer.ts";
import { requireRegular } from "../files/regular_file.ts";
import { checkGrowth, checkSize } from "./expected_size.ts";
import { interrupted } from "../files/interruption.ts";
import { PATIENCE, type Patience } from "./patience.ts";
import type { Fetcher, FetchOptions } from "./port.ts";
import { shownUrl } from "../report/shown_url.ts";

export interface FetcherOptions {
  /** Refuses everything that is not on this machine. */
  readonly offline: boolean;
  /** {@linkcode PATIENCE} by default. */
  readonly patience?: Patience;
  readonly signal?: AbortSignal;
  /** Told what is waited for, and why something is tried again. */
  readonly onNotice?: (message: string) => void;
  /** Waits some milliseconds; tests give their own. */
  readonly sleep?: (milliseconds: number) => Promise<void>;
}

const CHUNK = 256 << 10;

/** Fetches from the network (through HTTP_PROXY and the like, as Deno does) and from files. */
export function createFetcher(options: FetcherOptions): Fetcher {
  return {
    stream(url, fetchOptions) {
      const path = localPath(url);
      if (path !== undefined) return readFile(path, fetchOptions, options.signal);
      const { protocol } = parse(url);
      if (protocol !== "http:" && protocol !== "https:") {
        throw new TowerError(
          "usage",
          `Cannot fetch "${shownUrl(url)}": only http:, https:, file: and absolute paths work`,
        );
      }
      if (options.offline) {
        throw new TowerError("offline", `Cannot fetch "${shownUrl(url)}": offline was asked for`);
      }
      const signals = [options.signal, fetchOptions.signal].filter((s) => s !== undefined);
      return new HttpTransfer(url, fetchOptions, {
        patience: options.patience ?? PATIENCE,
        sleep: options.sleep ?? sleep,
        signal: AbortSignal.any(signals),
        onNotice: options.onNotice ?? (() => {}),
      }).chunks();
    },
  };
}

/** The path that a `file:` URL or an absolute path names, undefined for all other URLs. */
export function localPath(url: string): string | undefined {
  if (url.startsWith("/")) return url;
  if (!/^file:/i.test(url)) return undefined;
  const { host, pathname } = parse(url);
  if (host !== "" && host !== "localhost") {
    throw new TowerError("usage", `Cannot read "${shownUrl(url)}": it names another computer`);
  }
  return decodeURIComponent(pathname);
}

function parse(url: string): URL {
  try {
    return new URL(url);
  } catch (cause) {
    throw new TowerError("usage", `Cannot fetch "${shownUrl(url)}": not a URL`, { cause });
  }
}

async function* readFile(
  path: string,
  { limit, size, onProgress, signal }: FetchOptions,
  ownSignal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  let done = 0;
  try {
    requireRegular(path);
    using file = await Deno.open(path);
    checkSize(path, file.statSync().size, size, limit);
    for (;;) {
      for (const s of [signal, ownSignal]) {
        if (s?.aborted) throw interrupted(`Cannot read "${path}"`, s.reason);
      }
      const chunk = new Uint8Array(CHUNK);
      const n = await file.read(chunk);
      if (n === null) break;
      done += n;
      checkGrowth(path, done, size, limit);
      yield chunk.subarray(0, n);
      onProgress?.(done);
    }
    checkSize(path, done, size, limit);
  } catch (error) {
    throw fileError("read", path, error);
  }
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
