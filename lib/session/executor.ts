import { printable, TowerError } from "../errors.ts";
import type { Host } from "../fleet/host.ts";
import type { Outcome, Plan, Step } from "../fleet/operations/step.ts";
import type { Reporter } from "../report/event.ts";
import type { HostSession } from "./session.ts";

/** Seconds that a step may take. */
const DEADLINE = 60;
const OUTPUT_LIMIT = 1 << 20;

export interface ExecutorOptions {
  /** Most hosts worked on at once. */
  readonly parallel: number;
  /** Ends all work; its reason is thrown. */
  readonly signal: AbortSignal;
}

/**
 * Does the same on many hosts side by side. A host that fails does not stop the others; the
 * outcomes are in the order of the hosts.
 */
export async function onHosts<T>(
  hosts: readonly Host[],
  options: ExecutorOptions,
  work: (host: Host) => Promise<T>,
): Promise<Outcome<T>[]> {
  const outcomes: Outcome<T>[] = [];
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

/** Runs a plan: its groups one after another, the steps of a group side by side. */
export async function runPlan(
  plan: Plan,
  open: (host: Host) => HostSession,
  options: ExecutorOptions & { readonly reporter: Reporter },
): Promise<Outcome<Step>[]> {
  const outcomes: Outcome<Step>[] = [];
  for (const group of plan) {
    const steps = new Map(group.map((step) => [step.host, step]));
    outcomes.push(
      ...await onHosts([...steps.keys()], options, async (host) => {
        const step = steps.get(host)!;
        const id = `${host.name}: ${step.title}`;
        options.reporter.report({ type: "step", id, title: id });
        await runStep(open(host), step);
        options.reporter.report({ type: "done", id });
        return step;
      }),
    );
  }
  return outcomes;
}

async function runStep(session: HostSession, { argv, stdin, title, mayDisconnect }: Step) {
  const program = { argv, deadline: DEADLINE, outputLimit: OUTPUT_LIMIT };
  try {
    const { ending, stderr } = await session.exec(stdin ? { ...program, stdin } : program);
    if (ending.kind === "exited" && ending.code === 0) return;
    const said = printable(new TextDecoder().decode(stderr.subarray(0, 512))).trim();
    throw new TowerError(
      "tool",
      `Cannot ${title} on "${session.host.name}": ${said === "" ? "it failed" : said}`,
    );
  } catch (error) {
    const isGone = error instanceof TowerError && error.code === "unreachable";
    if (!isGone || mayDisconnect === undefined) throw error;
  }
}
