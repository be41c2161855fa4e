import http from "node:http";
import https from "node:https";
import { TowerError } from "../errors.ts";
import { checkGrowth, checkSize } from "../fetch/expected_size.ts";
import type { Patience } from "../fetch/patience.ts";
import type { Fetcher, FetchOptions } from "../fetch/port.ts";
import { interrupted } from "../files/interruption.ts";
import { shownUrl } from "../report/shown_url.ts";

/** Bytes a second below which a server is given up, once it had the time of a stall. */
const SLOWEST = 1024;

export interface SocketFetcherOptions {
  /** The path of a socket that leads to the URL's host and port. */
  readonly socketTo: (url: URL) => Promise<string>;
  readonly patience: Patience;
  readonly signal: AbortSignal;
  /** Certificates in PEM that are trusted in place of the machine's. */
  readonly authorities?: string;
}

/**
 * Fetches through sockets, each of which leads to one server: TLS and its certificate are checked
 * here, whoever carries the bytes. A redirect is refused: it would lead where no socket does.
 * (Deno's own `fetch` speaks through a socket too, but gives it what is for https in clear text.)
 */
export function socketFetcher(options: SocketFetcherOptions): Fetcher {
  return { stream: (url, fetchOptions) => stream(new URL(url), fetchOptions, options) };
}

async function* stream(
  url: URL,
  { limit, size, signal, onProgress }: FetchOptions,
  { socketTo, patience, signal: ownSignal, authorities }: SocketFetcherOptions,
): AsyncGenerator<Uint8Array> {
  const shown = shownUrl(url.href);
  const ending = AbortSignal.any([ownSignal, ...signal ? [signal] : []]);
  const stalled = new AbortController();
  const late = (ms: number) =>
    setTimeout(() => stalled.abort(new Error(`nothing came for ${ms / 1000} s`)), ms);
  let timer = late(patience.answer);
  let hasAnswer = false;
  try {
    const socketPath = await socketTo(url);
    const either = AbortSignal.any([ending, stalled.signal]);
    const answer = await ask(url, { socketPath, authorities, signal: either });
    hasAnswer = true;
    requireOk(answer, shown);
    const told = answer.headers["content-length"];
    if (told !== undefined) checkSize(shown, Number(told), size, limit);
    const begin = performance.now();
    let done = 0;
    for await (const part of answer) {
      clearTimeout(timer);
      timer = late(patience.stall);
      done += part.length;
      checkGrowth(shown, done, size, limit);
      const time = performance.now() - begin;
      if (time > patience.stall && done < SLOWEST * time / 1000) throw new Error("it is too slow");
      yield new Uint8Array(part);
      onProgress?.(done);
    }
    if (!answer.complete) throw new Error("the connection broke");
    checkSize(shown, done, size, limit);
  } catch (error) {
    if (ending.aborted) throw interrupted(`Cannot fetch "${shown}"`, ending.reason);
    if (error instanceof TowerError) throw error;
    const cause = stalled.signal.aborted ? stalled.signal.reason : brokenOff(error, hasAnswer);
    throw new TowerError("unreachable", `Cannot fetch "${shown}" by way of the router`, { cause });
  } finally {
    clearTimeout(timer);
    stalled.abort();
  }
}

/** A router that finds no way closes the socket: what Node says of that are names of system calls. */
function brokenOff(error: unknown, hasAnswer: boolean): unknown {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code !== "EPIPE" && code !== "ECONNRESET") return error;
  return new Error(
    hasAnswer
      ? "the connection broke"
      : "the router finds no way to it, or it answers nobody, or it hung up",
  );
}

function ask(
  url: URL,
  { socketPath, authorities, signal }: {
    readonly socketPath: string;
    readonly authorities: string | undefined;
    readonly signal: AbortSignal;
  },
): Promise<http.IncomingMessage> {
  const { hostname, username, password } = url;
  const common = {
    socketPath,
    // By that name the certificate is checked; it is connected to nowhere.
    host: hostname,
    path: url.pathname,
    headers: { host: url.host, "accept-encoding": "identity", connection: "close" },
    // As apk does it for a repository that asks who comes.
    ...username === "" ? {} : { auth: [username, password].map(decodeURIComponent).join(":") },
    agent: false as const,
    signal,
  };
  return new Promise((resolve, reject) => {
    const request = url.protocol === "https:"
      ? https.request({
        ...common,
        // An address is no name of a server (RFC 6066, 3), and is looked for in the certificate all the same.
        ...isAddress(hostname) ? {} : { servername: hostname },
        ...authorities === undefined ? {} : { ca: authorities },
      })
      : http.request(common);
    request.on("response", resolve);
    request.on("error", reject);
    request.end();
  });
}

/** A URL has numbers in place of a name as this alone. */
function isAddress(hostname: string): boolean {
  return /^\d+(\.\d+){3}$/.test(hostname);
}

function requireOk({ statusCode = 0 }: http.IncomingMessage, shown: string): void {
  if (statusCode === 200) return;
  if (statusCode >= 300 && statusCode < 400) {
    throw new TowerError("untrusted", `Cannot fetch "${shown}": it redirects elsewhere`, {
      hint: "Name the repository there in the host's /etc/apk/repositories",
    });
  }
  const code = statusCode === 404 || statusCode === 410 ? "not-found" : "unreachable";
  throw new TowerError(code, `Cannot fetch "${shown}": the server answers ${statusCode}`);
}
