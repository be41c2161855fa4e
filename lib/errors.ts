/** Why an operation failed, as a closed set: what a program that reads `--json` may branch on. */
export type ErrorCode =
  | "usage" // the command line or a manifest is wrong
  | "not-found" // a named file, package, system or host does not exist
  | "unreachable" // a network source did not answer
  | "untrusted" // a signature or digest does not match, or no trusted key made it
  | "damaged" // what this program stored is no longer what it stored
  | "malformed" // bytes from outside do not follow their format
  | "unsolvable" // no set of packages satisfies the world
  | "conflict" // two parts claim the same thing
  | "unsupported" // a writer cannot express what it is given
  | "limit" // a bound on size, count or time was passed
  | "no-space" // the disk or the image is full
  | "permission" // the operating system forbids it to this user
  | "io" // the operating system could not do it, such as a device error
  | "tool" // a program that was run failed or is missing
  | "offline" // something is needed that only the network has
  | "stale" // a lock or record no longer matches what it was made from
  | "busy" // someone else holds a lock
  | "interrupted"; // a signal ended the work

/** Options of {@linkcode TowerError}. */
export interface TowerErrorOptions {
  /** What the user can do about it, one sentence. */
  hint?: string;
  /** The error that led to this one. */
  cause?: unknown;
  /** At which field of what was asked the reason stands. */
  at?: FieldPath;
}

/** Names of fields and places in lists, from the outermost: `["users", 0, "uid"]`. */
export type FieldPath = readonly (string | number)[];

/**
 * An error that is meant for the user's eyes.
 *
 * The message starts with the action that failed and quotes values:
 * `Cannot read index "x": the signature does not match`. No final period, no stack is shown.
 */
export class TowerError extends Error {
  override readonly name: string = "TowerError";
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly at: FieldPath | undefined;

  constructor(code: ErrorCode, message: string, options: TowerErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint;
    this.at = options.at;
  }
}

/**
 * Does a part of what was asked; an error then says at which field its reason stands. Inside
 * another call the path goes on from that one's.
 */
export function atField<T>(path: FieldPath, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw withField(path, error);
  }
}

/** An error with the field at which its reason stands, below that of the work that failed. */
export function withField(path: FieldPath, error: unknown): unknown {
  if (!(error instanceof TowerError)) return error;
  const { code, message, cause, hint } = error;
  return new TowerError(code, message, {
    cause,
    ...(hint === undefined ? {} : { hint }),
    at: [...path, ...fieldOf(error) ?? []],
  });
}

/** At which field an error, or the one that led to it, has its reason. */
export function fieldOf(error: unknown): FieldPath | undefined {
  for (let e = error; e instanceof Error; e = e.cause) {
    if (e instanceof TowerError && e.at !== undefined) return e.at;
  }
  return undefined;
}

/** Exit codes of both programs. 3 is "some hosts failed". */
export type ExitCode = 0 | 1 | 2 | 3 | 130;

/** The exit code that an error ends the program with. */
export function exitCodeOf(error: unknown): ExitCode {
  if (!(error instanceof TowerError)) return 1;
  if (error.code === "usage") return 2;
  return error.code === "interrupted" ? 130 : 1;
}

/** The chain of messages of an error and its causes, outermost first. */
export function messagesOf(error: unknown): string[] {
  const messages: string[] = [];
  for (let e = error, depth = 0; e !== undefined && e !== null && depth < 8; depth++) {
    messages.push(e instanceof Error ? e.message : String(e));
    e = e instanceof Error ? e.cause : undefined;
  }
  return messages;
}

/** An error as lines of text for a terminal: the message, each cause, the hint. */
export function formatError(error: unknown): string {
  const [first = "unknown error", ...causes] = messagesOf(error).map(printable);
  const lines = [`error: ${first}`, ...causes.map((c) => `  because: ${c}`)];
  if (error instanceof TowerError && error.hint) lines.push(`  hint: ${printable(error.hint)}`);
  return lines.join("\n");
}

/**
 * Text with control characters made visible, so that a hostile package, host or file name
 * cannot drive the terminal. Line feed and tab stay.
 */
export function printable(text: string): string {
  return text.replace(
    /[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g,
    (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, "0")}`,
  );
}
