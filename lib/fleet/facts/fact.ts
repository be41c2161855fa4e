/** A question to a machine, and how its answer is read. */
export interface Fact<T> {
  /** What is asked for, in a word. */
  readonly name: string;
  /** What a message says that cannot be done: `ask "web"`. */
  readonly asking: (machine: string) => string;
  /** POSIX sh. */
  readonly script: string;
  /** What the script reads; without it the script itself comes that way. */
  readonly input?: Uint8Array;
  /** Seconds until the answer must be there. */
  readonly deadline: number;
  /** Most bytes of the answer. */
  readonly limit: number;
  /** Whether a message shows what the machine says of a failure. */
  readonly explains: boolean;
  /** The answer is hostile until it is read. @throws {TowerError} `malformed` */
  readonly parse: (answer: Uint8Array) => T;
}
