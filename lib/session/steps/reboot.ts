import { TowerError } from "../../errors.ts";
import type { RebootStep } from "../../fleet/operations/step.ts";
import { DEADLINE, type Handler, OUTPUT_LIMIT, requireDone, type StepContext } from "./handler.ts";

/** Milliseconds between two looks at whether it is back. */
const POLL = 3000;
/** Seconds that a look may take. */
const LOOK = 15;
/** Another one at each start (random(4)). */
const BOOT_ID = ["cat", "/proc/sys/kernel/random/boot_id"] as const;

export const reboot: Handler<RebootStep> = async (step, context) => {
  const { until } = step;
  if (until === "asked") {
    await ask(step, context);
    return [];
  }
  const before = await bootId(context);
  await ask(step, context);
  const { clock, signal } = context;
  const end = clock.now() + until.backWithin * 1000;
  while (clock.now() < end) {
    await clock.pause(POLL, signal);
    const now = await unlessUnreachable(() => bootId(context));
    if (now !== undefined && now !== before) return [];
  }
  throw new TowerError(
    "unreachable",
    `Cannot reach "${context.machine}": it was not started anew within ${until.backWithin} s`,
  );
};

/** The machine may go away before it answers. */
async function ask({ argv, title }: RebootStep, { session, machine, signal }: StepContext) {
  const program = { argv, deadline: DEADLINE, outputLimit: OUTPUT_LIMIT };
  const result = await unlessUnreachable(() => session.exec(program, signal));
  if (result) requireDone(result, title, machine);
}

async function bootId({ session, machine, signal }: StepContext): Promise<string> {
  const program = { argv: BOOT_ID, deadline: LOOK, outputLimit: 256 };
  const result = await session.exec(program, signal);
  requireDone(result, "read the id of its start", machine);
  return new TextDecoder().decode(result.stdout);
}

async function unlessUnreachable<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof TowerError && error.code === "unreachable") return undefined;
    throw error;
  }
}
