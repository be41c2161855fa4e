import type { Event } from "./event.ts";

/** A step that was begun and is not done. */
export interface RunningStep {
  readonly id: string;
  readonly title: string;
  readonly unit: "bytes" | "items" | undefined;
  readonly began: number;
  done: number;
  total: number | undefined;
}

/** Tells the time in milliseconds from any start. */
export type Clock = () => number;

/** The steps that run, in the order in which they began. */
export class RunningSteps {
  readonly #steps = new Map<string, RunningStep>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  begin(event: Event & { type: "step" }): RunningStep {
    const step: RunningStep = {
      id: event.id,
      title: event.title,
      unit: event.unit,
      began: this.#clock(),
      done: 0,
      total: event.total,
    };
    this.#steps.set(event.id, step);
    return step;
  }

  /** Notes progress; undefined for a step that nobody began. */
  advance(event: Event & { type: "progress" }): RunningStep | undefined {
    const step = this.#steps.get(event.id);
    if (!step) return undefined;
    step.done = event.done;
    if (event.total !== undefined) step.total = event.total;
    return step;
  }

  /** Ends a step; undefined for one that nobody began. */
  end(id: string): { step: RunningStep; time: number } | undefined {
    const step = this.#steps.get(id);
    this.#steps.delete(id);
    return step && { step, time: this.#clock() - step.began };
  }

  [Symbol.iterator](): Iterator<RunningStep> {
    return this.#steps.values();
  }
}
