/// <reference no-default-lib="true" />
/// <reference lib="deno.worker" />

/** An answer, and what of it moves to who asked. */
export interface Answered<Answer> {
  readonly answer: Answer;
  readonly transfer: Transferable[];
}

/**
 * Has this worker answer each message by one, in their order, as `WorkerPool` expects it: the next is
 * begun once the one before is answered, however its work waits.
 */
export function answerInOrder<Order, Answer>(
  work: (order: Order) => Promise<Answered<Answer>>,
): void {
  let before: Promise<void> = Promise.resolve();
  self.onmessage = ({ data }: MessageEvent<Order>) => {
    before = before.then(async () => {
      const { answer, transfer } = await work(data);
      self.postMessage(answer, transfer);
    });
  };
}
