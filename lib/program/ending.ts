/** How much a program says beside its result and its errors. */
export type Verbosity = "quiet" | "normal" | "verbose";

/** What a command leaves behind beside its output: how the program ends. */
export interface Ending {
  /** Exit status of a command that went through; that of a program on a host may be any. */
  code: number;
  /** Whether an error is told as JSON, as the command's events are. */
  json: boolean;
  verbosity: Verbosity;
}

/** Of a command that has done nothing yet. */
export function newEnding(): Ending {
  return { code: 0, json: false, verbosity: "normal" };
}
