/** Bytes from a URL (`http:`, `https:`, `file:`) or an absolute path. */
export interface Fetcher {
  /**
   * Streams a resource. Retries with back-off and resumes by range where the server can.
   * @throws {TowerError} `unreachable`, `not-found`, `limit`, or `offline` when offline.
   */
  stream(url: string, options: FetchOptions): AsyncIterable<Uint8Array>;
}

export interface FetchOptions {
  /** Most bytes accepted. */
  readonly limit: number;
  /** Exact size, where it is known: any other is an error. */
  readonly size?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (received: number) => void;
}
