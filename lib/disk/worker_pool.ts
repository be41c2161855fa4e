import { receivedError } from "../sent_error.ts";
import type { WorkerAnswer } from "./worker_answers.ts";

/** Workers that share orders: one that a busy computer stops is given none meanwhile. */
export class WorkerPool<Order, Answer> implements Disposable {
  /** Orders that are worth being under way. */
  readonly most: number;
  readonly #workers: readonly Worker[];
  /** Who waits for each worker, oldest first. */
  readonly #waiting: readonly PromiseWithResolvers<Answer>[][];

  /**
   * @param url of a module that answers each message by one, in their order
   * @param count of workers
   * @param each orders of a worker that may be under way
   */
  constructor(url: URL, count: number, each: number) {
    this.most = each * count;
    this.#workers = Array.from({ length: count }, () => new Worker(url, { type: "module" }));
    this.#waiting = this.#workers.map((worker) => {
      const waiting: PromiseWithResolvers<Answer>[] = [];
      worker.onmessage = ({ data }: MessageEvent<WorkerAnswer<Answer>>) => {
        const asked = waiting.shift();
        if (data.type === "answer") asked?.resolve(data.answer);
        else asked?.reject(receivedError(data.error));
      };
      worker.onerror = (event) => {
        event.preventDefault();
        const error = new Error(`Cannot compress: a worker failed: ${event.message}`);
        for (const { reject } of waiting.splice(0)) reject(error);
      };
      return waiting;
    });
  }

  /** Gives an order to the worker that has the fewest; what is named in `transfer` is gone. */
  ask(order: Order, transfer: Transferable[]): Promise<Answer> {
    const i = fewest(this.#waiting);
    const answer = Promise.withResolvers<Answer>();
    this.#waiting[i]!.push(answer);
    this.#workers[i]!.postMessage(order, transfer);
    return answer.promise;
  }

  /** Ends all work at once: who waits gets the reason. */
  stop(reason: unknown): void {
    this[Symbol.dispose]();
    for (const waiting of this.#waiting) {
      for (const { reject } of waiting.splice(0)) reject(reason);
    }
  }

  [Symbol.dispose](): void {
    for (const worker of this.#workers) worker.terminate();
  }
}

/** The index of the first list that is not longer than any other. */
function fewest(lists: readonly (readonly unknown[])[]): number {
  return lists.reduce((best, list, i) => list.length < lists[best]!.length ? i : best, 0);
}
