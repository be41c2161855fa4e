import type { Event } from "./event.ts";
import { formatBytes, formatDuration, formatProgress, percentOf } from "./quantity.ts";

/** A step that was begun and is not done. */
export interface RunningStep {
  readonly id: string;
  readonly title: string;
  readonly unit: "bytes" | "items" | undefined;
  readonly isBrief: boolean;
  readonly began: number;
  done: number;
  total: number | undefined;
  /** What was done at some times of late, a second apart at least. */
  readonly lately: { readonly at: number; readonly done: number }[];
}

/** Tells the time in milliseconds from any start. */
export type Clock = () => number;

/** Milliseconds after which a step counts as long: then its time is told. */
export const LONG = 3000;
/** Speed is that of the last so many seconds. */
const WINDOW = 10;

/** The steps that run, in the order in which they began. */
export class RunningSteps {
  readonly #steps = new Map<string, RunningStep>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#steps.size;
  }

  begin(event: Event & { type: "step" }): RunningStep {
    const began = this.#clock();
    const step: RunningStep = {
      id: event.id,
      title: event.title,
      unit: event.unit,
      isBrief: event.isBrief ?? false,
      began,
      done: 0,
      total: event.total,
      lately: [{ at: began, done: 0 }],
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
    const at = this.#clock();
    if (at - step.lately.at(-1)!.at >= 1000) step.lately.push({ at, done: step.done });
    if (step.lately.length > WINDOW) step.lately.shift();
    return step;
  }

  /** Ends a step; what it leaves to read, undefined for one that nobody began. */
  end({ id, note }: Event & { type: "done" }): string | undefined {
    const step = this.#steps.get(id);
    if (!step) return undefined;
    this.#steps.delete(id);
    const time = this.#clock() - step.began;
    if (step.isBrief && time < LONG) return "";
    return `${step.title}: ${note === undefined ? "" : `${note}, `}${formatDuration(time)}\n`;
  }

  [Symbol.iterator](): Iterator<RunningStep> {
    return this.#steps.values();
  }
}

/** How far a step is, the longest text first: `45% of 12.3 MiB, 1.20 MiB/s, 6 s left`, `45%`. */
export function progressTexts(step: RunningStep, now: number): string[] {
  const { done, total, unit, began } = step;
  const isBegun = done > 0 || total !== undefined;
  const short = !isBegun
    ? ""
    : total === undefined
    ? formatProgress(done, total, unit)
    : unit === "bytes"
    ? `${percentOf(done, total)}%`
    : `${done}/${total}`;
  const whole = isBegun ? formatProgress(done, total, unit) : "";
  if (now - began < LONG) return [whole, short];
  return [joined(whole, ...paceOf(step, now)), joined(short, timeText(step, now)), short];
}

function joined(...texts: string[]): string {
  return texts.filter((text) => text !== "").join(", ");
}

/** Speed, and the time that is left by it, else the time that went by. */
function paceOf(step: RunningStep, now: number): string[] {
  const speed = step.unit === "bytes" ? speedOf(step, now) : 0;
  return [speed > 0 ? `${formatBytes(Math.round(speed))}/s` : "", timeText(step, now)];
}

function timeText(step: RunningStep, now: number): string {
  const speed = speedOf(step, now);
  const left = step.total === undefined || speed <= 0
    ? undefined
    : (step.total - step.done) / speed;
  if (left === undefined) return formatDuration(now - step.began);
  const seconds = Math.max(1, Math.round(left));
  return `${seconds < 60 ? `${seconds} s` : formatDuration(seconds * 1000)} left`;
}

/** By second, of late. */
function speedOf({ lately, done }: RunningStep, now: number): number {
  const { at, done: before } = lately[0]!;
  return now > at ? (done - before) / (now - at) * 1000 : 0;
}
