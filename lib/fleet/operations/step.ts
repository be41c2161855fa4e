import type { Host } from "../host.ts";

/** A program, and what it reads; secrets are in `stdin` alone. */
export interface StepProgram {
  readonly argv: readonly [string, ...string[]];
  readonly stdin?: Uint8Array;
}

/** Runs a program; any exit code but 0 is a failure. */
export interface ExecStep extends StepProgram {
  readonly kind: "exec";
  readonly title: string;
}

/** Writes a file of the machine, whole or not at all. */
export interface PutStep {
  readonly kind: "put";
  readonly title: string;
  /** Absolute. */
  readonly path: string;
  readonly bytes: Uint8Array;
  /** Permissions, such as 0o600. */
  readonly mode: number;
  /** What becomes the user who may: `doas`; nothing where that is done. */
  readonly become: readonly string[];
}

/** Fetches a file of the machine. Its bytes are the machine's own: hostile until parsed. */
export interface GetStep {
  readonly kind: "get";
  readonly title: string;
  /** Absolute. */
  readonly path: string;
  /** Most bytes; more is a failure. */
  readonly limit: number;
  /** The file here that gets them; only its user can read it. */
  readonly to: string;
  readonly become: readonly string[];
}

/** Ports on the loopback of both ends: connections to `listen` at one end come to `to` at the other. */
export interface Forward {
  readonly at: "client" | "host";
  readonly listen: number;
  readonly to: number;
}

/** Does steps while a tunnel is there; it ends with the last of them, and they with it. */
export interface ForwardStep extends Forward {
  readonly kind: "forward";
  readonly title: string;
  readonly steps: readonly Step[];
}

/** Has a machine go away, and come back. */
export interface RebootStep {
  readonly kind: "reboot";
  readonly title: string;
  readonly argv: readonly [string, ...string[]];
  /** What is waited for: that it was asked to, or, so many seconds at most, that it was started anew. */
  readonly until: "asked" | { readonly backWithin: number };
}

/**
 * Changes what access hangs on: the machine takes the change back by itself unless it is confirmed
 * by a connection that was made after it.
 */
export interface CommitStep extends StepProgram {
  readonly kind: "commit";
  readonly title: string;
  /** What keeps the change. It may be asked again where no answer came. */
  readonly confirm: StepProgram & { readonly title: string };
  /** Seconds until the machine takes the change back. */
  readonly undo: number;
  /** What to say of the machine where no answer came. */
  readonly unheard: { readonly change: string; readonly confirm: string };
}

/** A thing that an operation does on a machine, as data: shown by `--dry-run`, done by the executor. */
export type Step = ExecStep | PutStep | GetStep | ForwardStep | RebootStep | CommitStep;

/** A machine as messages call it. */
export interface Named {
  readonly name: string;
}

/** A machine on which an operation needs root. */
export interface Machine extends Named {
  /** What makes a program root's: `doas`; nothing where that is done. */
  readonly become: readonly string[];
}

/** The words of a program that another one runs: `doas sh …`, or the program itself. */
export function argvAs(
  become: readonly string[],
  argv: readonly [string, ...string[]],
): [string, ...string[]] {
  const [first = argv[0], ...rest] = [...become, ...argv];
  return [first, ...rest];
}

/** What is done on one machine, one step after another; the first that fails is the last. */
export interface Sequence<M extends Named = Host> {
  readonly host: M;
  /** All of it, as a line for the user. */
  readonly title: string;
  readonly steps: readonly [Step, ...Step[]];
}

/**
 * Groups that come one after another. The machines of a group are worked on side by side, sequences
 * of one machine in their order; one that failed is left alone from then on.
 */
export type Plan<M extends Named = Host> = readonly (readonly Sequence<M>[])[];

/** How it went on one machine, which may be one that is only to be. */
export interface Outcome<T, M extends Named = Host> {
  readonly host: M;
  readonly result: { readonly kind: "done"; readonly value: T } | {
    readonly kind: "failed";
    readonly error: unknown;
  };
}

/** A sequence of one step, which has its title. */
export function sequenceOf<M extends Named>(host: M, step: Step): Sequence<M> {
  return { host, title: step.title, steps: [step] };
}
