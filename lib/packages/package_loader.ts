import type { Identity } from "../apk/identity.ts";
import type { TrustedKey, UnpackedPackage } from "../apk/types.ts";
import { TowerError } from "../errors.ts";
import type { Reporter } from "../report/event.ts";
import type { FileStore } from "../store/content_store.ts";
import { createFetcher, localPath } from "../fetch/fetcher.ts";
import { interrupted } from "../files/interruption.ts";
import { fetchPackage, storedPackage } from "./package_load.ts";
import { receivedError } from "../sent_error.ts";
import type { Answer, FetchPolicy, Order } from "./package_messages.ts";
import type { PackageRequest } from "./request.ts";
import { shownUrl } from "../report/shown_url.ts";

export type { FetchPolicy } from "./package_messages.ts";

export interface LoadContext {
  readonly store: FileStore;
  readonly policy: FetchPolicy;
  readonly keys: readonly TrustedKey[];
  /** Workers at most; 1 means none beside the caller's own thread. */
  readonly jobs: number;
  /** Bytes of packages from which on workers are started; 24 MiB by default. */
  readonly worthWorkers?: number;
  readonly reporter: Reporter;
  readonly signal: AbortSignal;
}

/**
 * Below so many compressed bytes a worker's start (60 ms of CPU time each) costs more than it
 * saves: one thread reads 17 MiB of programs in 210 ms (two cores, Deno 2.9.6).
 */
const WORTH_WORKERS = 24 << 20;
/** Packages under way in one thread: many hide the network's delay, files have none. */
const REMOTE_IN_FLIGHT = 4;
const LOCAL_IN_FLIGHT = 1;
const STEP = "load";

/**
 * The packages of the requests, in their order, each verified and with its data in the store.
 * What the store has is not fetched again. The first failure ends all work and is thrown;
 * nothing unfinished stays.
 *
 * @throws {TowerError} `offline` with all packages that are missing; else as the fetcher and
 * `readPackage` do; `interrupted`.
 */
export async function loadPackages(
  requests: readonly PackageRequest[],
  context: LoadContext,
): Promise<UnpackedPackage[]> {
  const loaded = new Map<Identity, UnpackedPackage>();
  const missing = new Map<Identity, PackageRequest>();
  for (const request of requests) {
    const stored = storedPackage(request, context);
    if (stored) loaded.set(stored.identity, stored);
    else missing.set(request.expect.identity, request);
  }
  if (missing.size > 0) {
    // Largest first: a large one that starts last would be waited for alone.
    const queue = [...missing.values()].sort((a, b) => b.expect.size - a.expect.size);
    if (context.policy.offline) refuseRemote(queue);
    for (const unpacked of await load(queue, context)) loaded.set(unpacked.identity, unpacked);
  }
  return requests.map(({ expect }) => loaded.get(expect.identity)!);
}

async function load(
  queue: readonly PackageRequest[],
  context: LoadContext,
): Promise<UnpackedPackage[]> {
  const { reporter, jobs, worthWorkers = WORTH_WORKERS } = context;
  const total = queue.reduce((sum, { expect }) => sum + expect.size, 0);
  reporter.report({ type: "step", id: STEP, title: "Load packages", total, unit: "bytes" });
  let done = 0;
  const onReceived = (bytes: number) =>
    reporter.report({ type: "progress", id: STEP, done: done += bytes, total });
  const workers = total < worthWorkers ? 1 : Math.min(jobs, queue.length);
  const unpacked = workers > 1
    ? await loadInWorkers(queue, context, workers, onReceived)
    : await loadHere(queue, context, onReceived);
  reporter.report({ type: "done", id: STEP, note: `${queue.length} packages` });
  return unpacked;
}

async function loadHere(
  queue: readonly PackageRequest[],
  { policy, signal, store, keys, reporter }: LoadContext,
  onReceived: (bytes: number) => void,
): Promise<UnpackedPackage[]> {
  const stop = new AbortController();
  const fetcher = createFetcher({
    ...policy,
    signal: AbortSignal.any([signal, stop.signal]),
    onNotice: (message) => reporter.report({ type: "info", message }),
  });
  const pending = queue.values();
  const unpacked: UnpackedPackage[] = [];
  const work = async () => {
    for (const request of pending) {
      let last = 0;
      const loaded = await fetchPackage(request, { store, keys, fetcher }, (received) => {
        onReceived(received - last);
        last = received;
      });
      unpacked.push(loaded);
    }
  };
  const lanes = Array.from({ length: inFlight(queue) }, work);
  try {
    await Promise.all(lanes);
    return unpacked;
  } finally {
    stop.abort();
    await Promise.allSettled(lanes);
  }
}

function inFlight(queue: readonly PackageRequest[]): number {
  return queue.some(({ url }) => localPath(url) === undefined) ? REMOTE_IN_FLIGHT : LOCAL_IN_FLIGHT;
}

async function loadInWorkers(
  queue: readonly PackageRequest[],
  context: LoadContext,
  count: number,
  onReceived: (bytes: number) => void,
): Promise<UnpackedPackage[]> {
  const { store, keys, policy, signal } = context;
  const pending = queue.values();
  const unpacked: UnpackedPackage[] = [];
  const { promise: finished, resolve, reject } = Promise.withResolvers<void>();
  const crew = Array.from({ length: count }, () => new WorkerHandle());
  const abort = () => reject(interrupted("Cannot load packages", signal.reason));
  const feed = (worker: WorkerHandle) => {
    const { value } = pending.next();
    if (value) worker.tell({ type: "load", request: value });
  };
  for (const worker of crew) {
    worker.onAnswer = (answer) => {
      if (answer.type === "received") onReceived(answer.bytes);
      else if (answer.type === "notice") context.reporter.report({ ...answer, type: "info" });
      else if (answer.type === "failed") reject(receivedError(answer.error));
      else if (answer.type === "loaded") {
        unpacked.push(answer.package);
        if (unpacked.length === queue.length) resolve();
        else feed(worker);
      }
    };
    worker.onCrash = reject;
    worker.tell({ type: "open", folder: store.folder, keys, policy });
  }
  for (let i = 0; i < inFlight(queue); i++) crew.forEach(feed);
  signal.addEventListener("abort", abort, { once: true });
  if (signal.aborted) abort();
  try {
    await finished;
    return unpacked;
  } finally {
    signal.removeEventListener("abort", abort);
    await Promise.all(crew.map((worker) => worker.stop()));
  }
}

/** The loader's end of a worker. */
class WorkerHandle {
  onAnswer: (answer: Answer) => void = () => {};
  onCrash: (error: Error) => void = () => {};
  readonly #worker = new Worker(new URL("./package_worker.ts", import.meta.url), {
    type: "module",
  });
  readonly #stopped = Promise.withResolvers<void>();

  constructor() {
    this.#worker.onmessage = ({ data }: MessageEvent<Answer>) => {
      if (data.type === "stopped") this.#stopped.resolve();
      else this.onAnswer(data);
    };
    this.#worker.onerror = (event) => {
      event.preventDefault();
      this.#stopped.resolve();
      this.onCrash(new Error(`Cannot load packages: a worker failed: ${event.message}`));
    };
  }

  tell(order: Order): void {
    this.#worker.postMessage(order);
  }

  /** Ends its work, waits until its temporary files are gone, and ends it. */
  async stop(): Promise<void> {
    this.onAnswer = () => {};
    this.tell({ type: "stop" });
    await this.#stopped.promise;
    this.#worker.terminate();
  }
}

/** Lines of a list that a message shows. */
const MOST_LINES = 30;

/** @throws {TowerError} `offline` that lists every package which only the network has. */
function refuseRemote(missing: readonly PackageRequest[]): void {
  const remote = missing.filter(({ url }) => localPath(url) === undefined);
  if (remote.length === 0) return;
  const lines = remote.map(({ url, expect }) =>
    `  ${expect.name}-${expect.version} from "${shownUrl(url)}"`
  ).sort();
  const rest = lines.length - MOST_LINES;
  if (rest > 0) lines.splice(MOST_LINES, rest, `  and ${rest} more`);
  throw new TowerError(
    "offline",
    `Cannot load ${remote.length} packages: they are not in the store\n${lines.join("\n")}`,
    { hint: "Run the command once without --offline" },
  );
}
