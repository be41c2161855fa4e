import type { Host } from "../host.ts";

/** A thing that an operation does on a host, as data: shown by `--dry-run`, done by the executor. */
export interface Step {
  readonly host: Host;
  /** What it does, as a line for the user. */
  readonly title: string;
  readonly argv: readonly [string, ...string[]];
  readonly stdin?: Uint8Array;
  /** The host may go away before it answers, as one that powers off does. */
  readonly mayDisconnect?: true;
}

/** Steps that may run side by side, then those that come after them. */
export type Plan = readonly (readonly Step[])[];

/** How it went on one host, which may be one that is only to be. */
export interface Outcome<T, H extends { readonly name: string } = Host> {
  readonly host: H;
  readonly result: { readonly kind: "done"; readonly value: T } | {
    readonly kind: "failed";
    readonly error: unknown;
  };
}
