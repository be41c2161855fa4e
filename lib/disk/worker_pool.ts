import { receivedError } from "../sent_error.ts";
import type { WorkerAnswer } from "./worker_answers.ts";

/** Workers in turn: orders are of equal size, so none waits long for another. */
export class WorkerPool<Order, Answer> implements Disposable {
  /** Orders that are worth being under way. */
  readonly most: number;
  readonly #workers: readonly Worker[];
  /** Who waits for each worker, oldest first. */
  readonly #waiting: readonly PromiseWithResolvers<Answer>[][];
  #next = 0;

  /** @param url of a module that answers each message by one, in their order */
  constructor(url: URL, count: number) {
    this.most = 2 * count;
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

  /** Gives the next worker an order; what is named in `transfer` is gone. */
  ask(order: Order, transfer: Transferable[]): Promise<Answer> {
    const i = this.#next++ % this.#workers.length;
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
