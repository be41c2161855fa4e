import type { Named, Outcome, Plan, Sequence, Step } from "../fleet/operations/step.ts";
import type { Reporter } from "../report/event.ts";
import { REAL_CLOCK } from "./real_clock.ts";
import type { Session } from "./session.ts";
import type { Clock } from "./steps/handler.ts";
import { doStep } from "./steps/handlers.ts";

export interface ExecutorOptions {
  /** Most machines worked on at once. */
  readonly parallel: number;
  /** Ends all work; its reason is thrown. */
  readonly signal: AbortSignal;
}

/**
 * Does the same on many machines side by side. One that fails does not stop the others; the
 * outcomes are in the order of the machines.
 */
export async function onHosts<T, M extends Named>(
  hosts: readonly M[],
  options: ExecutorOptions,
  work: (host: M) => Promise<T>,
): Promise<Outcome<T, M>[]> {
  const outcomes: Outcome<T, M>[] = [];
  let next = 0;
  const worker = async () => {
    for (let i; (i = next++) < hosts.length;) {
      options.signal.throwIfAborted();
      const host = hosts[i]!;
      try {
        outcomes[i] = { host, result: { kind: "done", value: await work(host) } };
      } catch (error) {
        options.signal.throwIfAborted();
        outcomes[i] = { host, result: { kind: "failed", error } };
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(options.parallel, hosts.length) }, worker));
  return outcomes;
}

/** A sequence that was done, and what its machine said that the user is to be told. */
export interface Done {
  readonly title: string;
  readonly said: readonly string[];
}

/** How plans are run. */
export interface RunOptions extends ExecutorOptions {
  readonly reporter: Reporter;
  readonly clock?: Clock;
}

/**
 * Runs a plan: its groups one after another, the machines of a group side by side, what is for one
 * machine in its order. A machine that failed is left alone from then on; others go on.
 *
 * @returns an outcome of each sequence that was begun.
 */
export async function runPlan<M extends Named>(
  plan: Plan<M>,
  open: (host: M) => Session,
  options: RunOptions,
): Promise<Outcome<Done, M>[]> {
  const outcomes: Outcome<Done, M>[] = [];
  const failed = new Set<string>();
  for (const group of plan) {
    const byName = Map.groupBy(group, ({ host }) => host.name);
    const machines = [...byName].filter(([name]) => !failed.has(name))
      .map(([name, sequences]) => ({ name, sequences }));
    const results = await onHosts(
      machines,
      options,
      ({ sequences }) => runInOrder(sequences, open, options),
    );
    for (const { result } of results) {
      // What is known of a machine is told by its sequences.
      if (result.kind === "failed") throw result.error;
      for (const outcome of result.value) {
        outcomes.push(outcome);
        if (outcome.result.kind === "failed") failed.add(outcome.host.name);
      }
    }
  }
  return outcomes;
}

/** Runs what is for one machine; the first that fails is the last. */
async function runInOrder<M extends Named>(
  sequences: readonly Sequence<M>[],
  open: (host: M) => Session,
  options: RunOptions,
): Promise<Outcome<Done, M>[]> {
  const outcomes: Outcome<Done, M>[] = [];
  for (const sequence of sequences) {
    const { host, title } = sequence;
    try {
      const said = await runSequence(sequence, open(host), options);
      outcomes.push({ host, result: { kind: "done", value: { title, said } } });
    } catch (error) {
      options.signal.throwIfAborted();
      outcomes.push({ host, result: { kind: "failed", error } });
      break;
    }
  }
  return outcomes;
}

function runSequence<M extends Named>(
  { host, steps }: Sequence<M>,
  session: Session,
  { reporter, signal, clock = REAL_CLOCK }: RunOptions,
): Promise<readonly string[]> {
  const run = async (steps: readonly Step[], signal: AbortSignal): Promise<readonly string[]> => {
    const said: string[] = [];
    for (const step of steps) {
      signal.throwIfAborted();
      const id = `${host.name}: ${step.title}`;
      reporter.report({ type: "step", id, title: id });
      said.push(...await doStep(step, { session, machine: host.name, signal, clock, run }));
      reporter.report({ type: "done", id });
    }
    return said;
  };
  return run(steps, signal);
}
