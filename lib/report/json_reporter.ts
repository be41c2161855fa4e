import { canonicalJson } from "../json.ts";
import type { Reporter } from "./event.ts";
import type { TextSink } from "./text_sink.ts";

/** Writes each event as one line of JSON; no text in it can drive a terminal. */
export function jsonReporter(sink: TextSink): Reporter {
  return {
    report(event) {
      const line = canonicalJson(event).replace(
        /[\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
        (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`,
      );
      sink.write(`${line}\n`);
    },
  };
}
