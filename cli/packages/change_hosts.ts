import type { Env } from "../../lib/env.ts";
import { formatError, TowerError } from "../../lib/errors.ts";
import { compareHosts } from "../../lib/fleet/host.ts";
import type { Outcome } from "../../lib/fleet/operations/step.ts";
import { canonicalJson } from "../../lib/json.ts";
import type { PackageChange } from "../../lib/packages/package_change.ts";
import type { Ending } from "../../lib/program/ending.ts";
import { reporterFor } from "../../lib/program/reporter.ts";
import type { Fleet } from "../../lib/session/fleet.ts";
import type { PlanOptions } from "../power.ts";
import { errorJson } from "../render/error_json.ts";
import { changeLines, changeValue } from "../render/package_change.ts";
import { lockPackages, settle } from "./host_change.ts";
import { type Looking, openLooking } from "./host_sources.ts";
import type { PackageMachine } from "./package_machine.ts";
import { isPermitted, requirePermission } from "./permission.ts";

/** What changes on a machine, and how it is done. */
export interface PlannedChange {
  readonly change: PackageChange;
  /** Has apk do it. @returns why it failed, where it did */
  readonly act: () => Promise<TowerError | undefined>;
}

/**
 * Plans a change of packages on each of several machines, shows all, has apk do it on all side by side,
 * and compares. One's fault keeps no other from it, and is told at the end (exit status 3); the only
 * one's is thrown.
 *
 * @param doing as the user called it: `install`
 */
export async function changeHosts(
  fleet: Fleet,
  machines: readonly PackageMachine[],
  doing: string,
  plan: (machine: PackageMachine, looking: Looking) => Promise<PlannedChange>,
  { dryRun, json, confirm }: PlanOptions & { readonly confirm: boolean },
  { env, ending }: { readonly env: Env; readonly ending: Ending },
): Promise<void> {
  if (!dryRun) await requirePermission(machines, confirm, env);
  using reporter = reporterFor(env, json);
  using locks = new DisposableStack();
  // In one order by everybody: two of these commands never wait for each other.
  for (const machine of dryRun ? [] : machines.toSorted((a, b) => compareHosts(a.name, b.name))) {
    locks.use(await lockPackages(machine, doing, { env, reporter }));
  }
  await using looking = openLooking(env, fleet, reporter);
  const planned = await Promise.all(
    machines.map((machine) => outcomeOf(machine, () => plan(machine, looking))),
  );
  env.signal.throwIfAborted();
  const isOnly = machines.length === 1;
  if (isOnly) throwFailure(planned);
  if (json) ending.json = true;
  else {
    for (const { host, result } of planned) {
      if (result.kind === "done") env.stdout.write(changeLines(host.name, result.value.change));
    }
  }
  if (!dryRun && confirm && !await isPermitted(planned.flatMap(withComing), env)) {
    ending.code = 1;
    return;
  }
  const act = async ({ host, result }: Outcome<PlannedChange, PackageMachine>) => {
    if (result.kind === "failed") throw result.error;
    const failure = await result.value.act();
    await settle(host, result.value.change, failure, { env, reporter });
    return result.value;
  };
  const done = dryRun ? planned : await Promise.all(
    planned.map((outcome) => outcomeOf(outcome.host, () => act(outcome))),
  );
  if (env.signal.aborted) throwInterruption(done);
  env.signal.throwIfAborted();
  if (isOnly) throwFailure(done);
  tell(done, { env, ending });
}

/** A machine to which packages are to come. */
function withComing({ host, result }: Outcome<PlannedChange, PackageMachine>): PackageMachine[] {
  return result.kind === "done" && result.value.change.coming.length > 0 ? [host] : [];
}

/** One machine's failure is a value: the others go on. */
async function outcomeOf<T>(
  host: PackageMachine,
  work: () => Promise<T>,
): Promise<Outcome<T, PackageMachine>> {
  try {
    return { host, result: { kind: "done", value: await work() } };
  } catch (error) {
    return { host, result: { kind: "failed", error } };
  }
}

function throwFailure(outcomes: readonly Outcome<unknown, PackageMachine>[]): void {
  for (const { result } of outcomes) if (result.kind === "failed") throw result.error;
}

/** Names the hosts on which apk was cut off: a hint says what is to be done there. */
function throwInterruption(outcomes: readonly Outcome<unknown, PackageMachine>[]): void {
  const cut = outcomes.flatMap(({ host, result }) => {
    const error = result.kind === "failed" ? result.error : undefined;
    return error instanceof TowerError && error.hint !== undefined ? [{ host, error }] : [];
  });
  const [first] = cut;
  if (first === undefined) return;
  if (cut.length === 1) throw first.error;
  const names = cut.map(({ host }) => `"${host.name}"`).join(", ");
  throw new TowerError("interrupted", `Cannot tell how far apk came on ${names}`, {
    cause: first.error.cause,
    hint: "apk ends there by itself; then, for each of them: tower install HOST --repair",
  });
}

function tell(
  outcomes: readonly Outcome<PlannedChange, PackageMachine>[],
  { env, ending }: { readonly env: Env; readonly ending: Ending },
): void {
  if (outcomes.some(({ result }) => result.kind === "failed")) ending.code = 3;
  if (ending.json) {
    const values = outcomes.map(({ host: { name: host }, result }) =>
      result.kind === "done"
        ? { host, ok: true, result: changeValue(result.value.change) }
        : { host, ok: false, error: errorJson(result.error) }
    );
    env.stdout.write(`${canonicalJson(values, 2)}\n`);
    return;
  }
  for (const { host, result } of outcomes) {
    if (result.kind === "done") continue;
    env.stderr.write(`${host.name}: ${formatError(result.error)}\n`);
  }
}
