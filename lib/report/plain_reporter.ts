import { printable } from "../errors.ts";
import type { Event, TickingReporter } from "./event.ts";
import {
  type Clock,
  LONG,
  progressTexts,
  type RunningStep,
  RunningSteps,
} from "./running_steps.ts";
import type { TextSink } from "./text_sink.ts";

/** A long step says how far it is, first after {@linkcode LONG}, then once in so many milliseconds. */
const PROGRESS_EVERY = 10_000;

/** Writes lines for a log: one when a step is done, one now and then while it lasts. */
export function plainReporter(sink: TextSink, options: { readonly clock: Clock }): TickingReporter {
  const { clock } = options;
  const steps = new RunningSteps(clock);
  const due = new Map<string, number>();
  const line = (text: string) => sink.write(`${printable(text)}\n`);
  const tellIfDue = (step: RunningStep) => {
    const now = clock();
    if (now < due.get(step.id)!) return;
    due.set(step.id, now + PROGRESS_EVERY);
    line(`${step.title}: ${progressTexts(step, now)[0]}`);
  };
  return {
    tick() {
      const running = [...steps];
      // A step that tells nothing of itself is what the later ones are parts of.
      running.filter((step, i) => step.total !== undefined || i === running.length - 1)
        .forEach(tellIfDue);
    },
    report(event) {
      switch (event.type) {
        case "step":
          due.set(event.id, steps.begin(event).began + LONG);
          return;
        case "progress": {
          const step = steps.advance(event);
          if (step) tellIfDue(step);
          return;
        }
        case "done": {
          due.delete(event.id);
          const line = steps.end(event);
          if (line) sink.write(printable(line));
          return;
        }
        default:
          return line(messageLine(event));
      }
    },
  };
}

/** A warning says that it is one. */
export function messageLine(event: Event & { type: "warning" | "info" }): string {
  return event.type === "warning" ? `warning: ${event.message}` : event.message;
}
