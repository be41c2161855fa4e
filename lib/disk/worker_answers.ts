/// <reference no-default-lib="true" />
/// <reference lib="deno.worker" />
import { type SentError, sentError } from "../sent_error.ts";

/** An answer, and what of it moves to who asked. */
export interface Answered<Answer> {
  readonly answer: Answer;
  readonly transfer: Transferable[];
}

/** What `WorkerPool` hears: a worker that ended by its error would print a stack trace. */
export type WorkerAnswer<Answer> =
  | { readonly type: "answer"; readonly answer: Answer }
  | { readonly type: "failed"; readonly error: SentError };

/**
 * Has this worker answer each message by one, in their order, as `WorkerPool` expects it: the next is
 * begun once the one before is answered, however its work waits.
 */
export function answerInOrder<Order, Answer>(
  work: (order: Order) => Promise<Answered<Answer>>,
): void {
  const tell = (told: WorkerAnswer<Answer>, transfer: Transferable[]) =>
    self.postMessage(told, transfer);
  let before: Promise<void> = Promise.resolve();
  self.onmessage = ({ data }: MessageEvent<Order>) => {
    before = before.then(async () => {
      try {
        const { answer, transfer } = await work(data);
        tell({ type: "answer", answer }, transfer);
      } catch (error) {
        tell({ type: "failed", error: sentError(error) }, []);
      }
    });
  };
}
