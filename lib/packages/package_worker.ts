/// <reference no-default-lib="true" />
/// <reference lib="deno.worker" />
import { openStore } from "../store/content_store.ts";
import { createFetcher } from "../fetch/fetcher.ts";
import { fetchPackage, type PackageSource } from "./package_load.ts";
import type { PackageRequest } from "./request.ts";
import { sentError } from "../sent_error.ts";
import type { Answer, Order } from "./package_messages.ts";

const tell = (answer: Answer) => self.postMessage(answer);

/** One worker: packages come in, blobs and notes go into the store. */
class PackageWorker {
  readonly #abort = new AbortController();
  readonly #source: PackageSource;
  readonly #running = new Set<Promise<void>>();

  constructor({ folder, keys, policy }: Order & { type: "open" }) {
    const fetcher = createFetcher({
      ...policy,
      signal: this.#abort.signal,
      onNotice: (message) => tell({ type: "notice", message }),
    });
    this.#source = { store: openStore(folder), fetcher, keys };
  }

  start(request: PackageRequest): void {
    const work = this.#load(request).finally(() => this.#running.delete(work));
    this.#running.add(work);
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    await Promise.all(this.#running);
    this.#source.store[Symbol.dispose]();
    tell({ type: "stopped" });
  }

  async #load(request: PackageRequest): Promise<void> {
    let last = 0;
    try {
      const unpacked = await fetchPackage(request, this.#source, (received) => {
        tell({ type: "received", bytes: received - last });
        last = received;
      });
      tell({ type: "loaded", package: unpacked });
    } catch (error) {
      tell({ type: "failed", error: sentError(error) });
    }
  }
}

let worker: PackageWorker | undefined;

self.onmessage = ({ data: order }: MessageEvent<Order>) => {
  try {
    if (order.type === "open") worker = new PackageWorker(order);
    else if (order.type === "load") worker?.start(order.request);
    else if (worker) void worker.stop();
    else tell({ type: "stopped" });
  } catch (error) {
    tell({ type: "failed", error: sentError(error) });
  }
};
