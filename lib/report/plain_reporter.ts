import { printable } from "../errors.ts";
import type { Event, Reporter } from "./event.ts";
import { formatDuration, formatProgress } from "./quantity.ts";
import { type Clock, RunningSteps } from "./running_steps.ts";
import type { TextSink } from "./text_sink.ts";

/** A long step says how far it is once in so many milliseconds. */
const PROGRESS_EVERY = 10_000;

/** Writes lines for a log: one when a step is done, one now and then while it lasts. */
export function plainReporter(sink: TextSink, options: { readonly clock: Clock }): Reporter {
  const steps = new RunningSteps(options.clock);
  const told = new Map<string, number>();
  const line = (text: string) => sink.write(`${printable(text)}\n`);
  return {
    report(event) {
      switch (event.type) {
        case "step":
          told.set(event.id, steps.begin(event).began);
          return;
        case "progress": {
          const step = steps.advance(event);
          const now = options.clock();
          if (!step || now - (told.get(event.id) ?? now) < PROGRESS_EVERY) return;
          told.set(event.id, now);
          return line(`${step.title}: ${formatProgress(step.done, step.total, step.unit)}`);
        }
        case "done": {
          told.delete(event.id);
          const ended = steps.end(event.id);
          if (ended) line(doneLine(ended.step.title, ended.time, event.note));
          return;
        }
        default:
          return line(messageLine(event));
      }
    },
  };
}

/** What a step that is done leaves to read. */
export function doneLine(title: string, time: number, note: string | undefined): string {
  return `${title}: ${note === undefined ? "" : `${note}, `}${formatDuration(time)}`;
}

/** A warning says that it is one. */
export function messageLine(event: Event & { type: "warning" | "info" }): string {
  return event.type === "warning" ? `warning: ${event.message}` : event.message;
}
