import { printable, TowerError } from "../../errors.ts";
import type { Step } from "../../fleet/operations/step.ts";
import type { RemoteResult, Session } from "../session.ts";

/** Seconds that a step may take. */
export const DEADLINE = 60;
export const OUTPUT_LIMIT = 1 << 20;

/** Time as steps see it. */
export interface Clock {
  /** Milliseconds since some moment; never set. */
  now(): number;
  /** Waits so many milliseconds. @throws the signal's reason. */
  pause(milliseconds: number, signal: AbortSignal): Promise<void>;
}

/** What a step is done with. */
export interface StepContext {
  readonly session: Session;
  /** The machine's name. */
  readonly machine: string;
  /** Ends the step; its reason is thrown. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
  /** Does further steps, as a part of this one. */
  readonly run: (steps: readonly Step[], signal: AbortSignal) => Promise<readonly string[]>;
}

/**
 * Does a step. @returns what the machine said that its user is to be told, printable.
 * @throws {TowerError} as a session, and `tool` where the step failed on the machine.
 */
export type Handler<S extends Step> = (
  step: S,
  context: StepContext,
) => Promise<readonly string[]>;

/** What a machine says of a failure: bounded, without what drives a terminal. */
export function saidOf({ stderr }: RemoteResult): string {
  const said = printable(new TextDecoder().decode(stderr.subarray(0, 512))).trim();
  return said === "" ? "it failed" : said;
}

/** @throws {TowerError} `tool` unless the program did its work. */
export function requireDone(result: RemoteResult, title: string, machine: string): void {
  const { ending } = result;
  if (ending.kind === "exited" && ending.code === 0) return;
  throw new TowerError("tool", `Cannot ${title} on "${machine}": ${saidOf(result)}`);
}
