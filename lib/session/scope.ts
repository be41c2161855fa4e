/**
 * Owns what must not outlive a piece of work: processes, tunnels, temporary files. All of it ends
 * with the scope, the youngest first, and the scope ends with its block, with the signal around it,
 * and with {@linkcode fail}.
 */
export class Scope implements AsyncDisposable {
  /** Aborts as soon as the scope has to end; what is done in it heeds that. */
  readonly signal: AbortSignal;
  readonly #owned = new AsyncDisposableStack();
  readonly #failure = new AbortController();
  #ended: Promise<void> | undefined;

  constructor(around: AbortSignal) {
    this.signal = AbortSignal.any([around, this.#failure.signal]);
    this.signal.addEventListener("abort", this.#end, { once: true });
    if (this.signal.aborted) void this.#end();
  }

  /** Takes a thing over. One that comes too late ends at once, and the scope's reason is thrown. */
  async own<T extends AsyncDisposable | Disposable>(thing: T): Promise<T> {
    if (!this.#owned.disposed) return this.#owned.use(thing);
    if (Symbol.asyncDispose in thing) await thing[Symbol.asyncDispose]();
    else thing[Symbol.dispose]();
    this.signal.throwIfAborted();
    throw new TypeError("A scope that has ended takes nothing over");
  }

  /** Ends it early, as where a link is lost; its signal has the reason. */
  fail(reason: unknown): void {
    this.#failure.abort(reason);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.signal.removeEventListener("abort", this.#end);
    return this.#end();
  }

  /** A stack that is asked twice does not wait the second time. */
  #end = (): Promise<void> => this.#ended ??= this.#owned.disposeAsync();
}
