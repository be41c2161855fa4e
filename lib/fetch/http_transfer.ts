import { messagesOf, TowerError } from "../errors.ts";
import { checkGrowth, checkSize } from "./expected_size.ts";
import { interrupted } from "../files/interruption.ts";
import type { Patience } from "./patience.ts";
import type { FetchOptions } from "./port.ts";
import { redirectTarget, takeCredentials } from "./redirect.ts";
import { formatDuration } from "../report/quantity.ts";
import { shownUrl } from "../report/shown_url.ts";

/** What a transfer needs beside its options. */
export interface TransferContext {
  readonly patience: Patience;
  readonly sleep: (milliseconds: number) => Promise<void>;
  readonly signal: AbortSignal;
  readonly onNotice: (message: string) => void;
}

const MAX_REDIRECTS = 10;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);
/** Answers that may be different a moment later (RFC 9110 §15, RFC 6585 §4). */
const PASSING = new Set([408, 425, 429, 500, 502, 503, 504]);

/** A failure that a new try may mend. */
class Broken extends Error {}

/**
 * One resource over HTTP, from the first byte to the last, over as many connections as it takes.
 * A broken transfer goes on where it stopped only if the server says that the resource is still
 * the same one (If-Range, RFC 9110 §13.1.5): bytes that were handed on cannot be taken back.
 */
export class HttpTransfer {
  readonly #url: string;
  readonly #shown: string;
  readonly #options: FetchOptions;
  readonly #context: TransferContext;
  #received = 0;
  /** Bytes of the whole resource, once the server told. */
  #total: number | undefined;
  /** A strong ETag or a Last-Modified date. */
  #validator: string | undefined;
  /** When nothing came for too long, over all tries. */
  #deadline = 0;

  constructor(url: string, options: FetchOptions, context: TransferContext) {
    this.#url = url;
    this.#shown = shownUrl(url);
    this.#options = options;
    this.#context = context;
    this.#total = options.size;
  }

  async *chunks(): AsyncGenerator<Uint8Array> {
    const { waits } = this.#context.patience;
    this.#extend();
    for (let tries = 0;;) {
      const before = this.#received;
      try {
        yield* this.#connection();
        return checkSize(this.#shown, this.#received, this.#options.size, this.#options.limit);
      } catch (error) {
        if (!(error instanceof Broken)) throw error;
        if (this.#received > before) tries = 0;
        const wait = waits[tries++];
        if (wait === undefined || performance.now() + wait >= this.#deadline) {
          throw this.#unreachable(error.message, error.cause);
        }
        const why = messagesOf(error).join(": ");
        this.#context.onNotice(
          `Trying "${this.#shown}" again in ${formatDuration(wait)}: ${why}`,
        );
        await this.#unlessAborted(this.#context.sleep(wait));
      }
    }
  }

  /** What one connection gives, from where the last one broke. */
  async *#connection(): AsyncGenerator<Uint8Array> {
    const response = await this.#request();
    const body = response.body?.getReader();
    try {
      while (body) {
        const { value, done } = await this.#inTime(
          this.#context.patience.stall,
          () => body.read(),
        );
        if (done) break;
        this.#received += value.length;
        this.#extend();
        checkGrowth(this.#shown, this.#received, this.#options.size, this.#options.limit);
        yield value;
        this.#options.onProgress?.(this.#received);
      }
    } finally {
      body?.cancel().catch(() => {}); // it broke, or the reader wants no more
    }
    if (this.#total !== undefined && this.#received < this.#total) {
      throw new Broken(`the connection ended after ${this.#received} of ${this.#total} bytes`);
    }
  }

  /** The answer that continues the transfer, once redirects are followed. */
  async #request(): Promise<Response> {
    let url = new URL(this.#url);
    let credentials = takeCredentials(url);
    for (let hops = 0; hops <= MAX_REDIRECTS; hops++) {
      const response = await this.#inTime(this.#context.patience.answer, (late) => {
        const signal = AbortSignal.any([this.#context.signal, late]);
        return fetch(url, { headers: this.#headers(credentials), redirect: "manual", signal });
      });
      const location = response.headers.get("location");
      if (!REDIRECTS.has(response.status) || location === null) return await this.#accept(response);
      await response.body?.cancel();
      const next = this.#redirected(url, location);
      const own = takeCredentials(next);
      credentials = own ?? (next.origin === url.origin ? credentials : undefined);
      url = next;
    }
    throw this.#unreachable(`it redirects more than ${MAX_REDIRECTS} times`);
  }

  #headers(credentials: string | undefined): Headers {
    // A .gz file must come as it is stored, not decoded on the way.
    const headers = new Headers({ "accept-encoding": "identity" });
    if (credentials !== undefined) headers.set("authorization", `Basic ${credentials}`);
    if (this.#received > 0 && this.#validator !== undefined) {
      headers.set("range", `bytes=${this.#received}-`);
      headers.set("if-range", this.#validator);
    }
    return headers;
  }

  #redirected(from: URL, location: string): URL {
    const to = redirectTarget(from, location);
    if (to) return to;
    throw new TowerError(
      "untrusted",
      `Cannot fetch "${this.#shown}": it redirects to "${shownUrl(location)}"`,
      { hint: "A redirect may lead to https, or from http to http" },
    );
  }

  /** Checks the head of an answer; its body starts at the first byte that is still missing. */
  async #accept(response: Response): Promise<Response> {
    try {
      this.#checkStatus(response);
      const { total, start } = extentOf(response);
      if (start !== this.#received) throw this.#changed();
      if (this.#received > 0 && total !== this.#total) throw this.#changed();
      if (total !== undefined) {
        checkSize(this.#shown, total, this.#options.size, this.#options.limit);
        this.#total = total;
      }
      if (this.#received === 0) this.#validator = validatorOf(response);
      return response;
    } catch (error) {
      await response.body?.cancel();
      throw error;
    }
  }

  #checkStatus({ status, statusText }: Response): void {
    if (status === 200 || (status === 206 && this.#received > 0)) return;
    const answer = `the server answers ${status} ${statusText}`.trimEnd();
    if (PASSING.has(status)) throw new Broken(answer);
    if (status === 416) throw this.#changed();
    if (status !== 404 && status !== 410) throw this.#unreachable(answer);
    throw new TowerError("not-found", `Cannot fetch "${this.#shown}": ${answer}`);
  }

  #extend(): void {
    this.#deadline = performance.now() + this.#context.patience.total;
  }

  /** Awaits network work, which must give something within the time. */
  async #inTime<T>(most: number, work: (late: AbortSignal) => Promise<T>): Promise<T> {
    const { onNotice, patience: { notice } } = this.#context;
    const time = Math.max(1, Math.round(Math.min(most, this.#deadline - performance.now())));
    const late = new AbortController();
    const shown = formatDuration(time);
    const timer = setTimeout(() => late.abort(new Broken(`no answer within ${shown}`)), time);
    const telling = setTimeout(() => {
      onNotice(`Waiting for "${this.#shown}", at most ${shown}`);
    }, notice);
    try {
      return await Promise.race([work(late.signal), aborted(late.signal)]);
    } catch (error) {
      this.#throwIfAborted();
      if (error instanceof Broken) throw error;
      throw new Broken("the connection failed", { cause: causeOf(error) });
    } finally {
      clearTimeout(timer);
      clearTimeout(telling);
    }
  }

  async #unlessAborted<T>(work: Promise<T>): Promise<T> {
    try {
      return await Promise.race([work, aborted(this.#context.signal)]);
    } finally {
      this.#throwIfAborted();
    }
  }

  #throwIfAborted(): void {
    const { signal } = this.#context;
    if (signal.aborted) throw interrupted(`Cannot fetch "${this.#shown}"`, signal.reason);
  }

  #unreachable(why: string, cause?: unknown): TowerError {
    return new TowerError("unreachable", `Cannot fetch "${this.#shown}": ${why}`, { cause });
  }

  #changed(): TowerError {
    return new TowerError(
      "unreachable",
      `Cannot fetch "${this.#shown}": the connection broke and the rest cannot be fetched alone`,
      { hint: "The server cannot resume, or the file changed meanwhile: run the command again" },
    );
  }
}

/** The innermost cause of a failed fetch, without Deno's chain before it and URLs with their query. */
function causeOf(error: unknown): Error {
  const text = messagesOf(error).at(-1) ?? "unknown";
  const words = text.replace(/ for url \([^)]*\)/, "");
  return new Error(
    words.replace(/^error sending request: (client error \(\w+\): )?(tcp connect error: )?/, ""),
  );
}

/** Where an answer's body starts and how long the whole resource is, where it tells. */
function extentOf({ status, headers }: Response): { start: number; total: number | undefined } {
  if (status === 206) {
    const range = /^bytes (\d{1,15})-\d{1,15}\/(\d{1,15})$/.exec(
      headers.get("content-range") ?? "",
    );
    return { start: range ? Number(range[1]) : -1, total: range ? Number(range[2]) : undefined };
  }
  const length = headers.get("content-length");
  return { start: 0, total: length && /^\d{1,15}$/.test(length) ? Number(length) : undefined };
}

/** What names this very state of the resource. A weak ETag does not (RFC 9110 §8.8.1). */
function validatorOf({ headers }: Response): string | undefined {
  const tag = headers.get("etag");
  return tag?.startsWith('"') ? tag : headers.get("last-modified") ?? undefined;
}

/** Rejects with the reason once a signal aborts. */
function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}
