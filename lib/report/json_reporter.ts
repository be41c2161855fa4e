import { canonicalJson } from "../json.ts";
import type { Reporter } from "./event.ts";
import type { Clock } from "./running_steps.ts";
import type { TextSink } from "./text_sink.ts";

/** A step tells its progress at most once in so many milliseconds. */
const PROGRESS_EVERY = 200;

/** Writes events as lines of JSON; no text in them can drive a terminal. */
export function jsonReporter(sink: TextSink, options: { readonly clock: Clock }): Reporter {
  const told = new Map<string, number>();
  return {
    report(event) {
      if (event.type === "done") told.delete(event.id);
      if (event.type === "progress") {
        const now = options.clock();
        if (now - (told.get(event.id) ?? -Infinity) < PROGRESS_EVERY) return;
        told.set(event.id, now);
      }
      sink.write(jsonLine(event));
    },
  };
}

/** A value as one line of JSON in which no text can drive a terminal. */
export function jsonLine(value: unknown): string {
  const line = canonicalJson(value).replace(
    /[\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return `${line}\n`;
}
