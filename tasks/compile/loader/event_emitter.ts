type Listener = (...values: unknown[]) => void;

/**
 * What commander extends and uses of Node's class, which takes as long to load as Deno to start. No
 * other code asks for `node:events`: bundling looks for that.
 */
export class EventEmitter {
  readonly #listeners = new Map<string, Listener[]>();

  on(name: string, listener: Listener): this {
    this.#listeners.set(name, [...this.#listeners.get(name) ?? [], listener]);
    return this;
  }

  listenerCount(name: string): number {
    return this.#listeners.get(name)?.length ?? 0;
  }

  emit(name: string, ...values: unknown[]): boolean {
    const listeners = this.#listeners.get(name) ?? [];
    for (const listener of listeners) listener.apply(this, values);
    return listeners.length > 0;
  }
}
