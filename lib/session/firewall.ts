import { printable, TowerError } from "../errors.ts";
import {
  confirmRules,
  loadRules,
  lookAtRules,
  parseRulesState,
  type RootProgram,
  type RulesState,
  STATE_LIMIT,
  type WantedRules,
} from "../fleet/firewall.ts";
import type { RemoteResult, Session } from "./session.ts";

/** Seconds that each step may take. */
const DEADLINE = 30;
/** Milliseconds between two tries to come in anew. */
const PAUSE = 500;

/** A machine whose rules can be changed: how it runs what only root may. */
export interface RulesTarget {
  /** As messages call it. */
  readonly name: string;
  readonly session: Session;
  /** Becomes root: `doas`; nothing where that is done. */
  readonly asRoot: readonly string[];
}

/** Asks a machine for its rules. @throws {TowerError} as a session, and `tool`. */
export async function gatherRules(target: RulesTarget, wanted: WantedRules): Promise<RulesState> {
  const { stdout } = await runRoot(target, "look at the rules", lookAtRules(wanted));
  return parseRulesState(stdout);
}

/**
 * Loads rules and keeps them once a connection that was made after that has proved access.
 *
 * @param timeout Seconds after which the machine takes its old rules back by itself.
 * @returns the names of settings that its kernel refused.
 */
export async function changeRules(
  target: RulesTarget,
  wanted: WantedRules,
  state: RulesState,
  timeout: number,
): Promise<string[]> {
  const token = crypto.randomUUID().replaceAll("-", "");
  const deadline = performance.now() + timeout * 1000;
  const hint = `If they were loaded, the old rules are back ${timeout} s after that`;
  await runRoot(target, "load the rules", loadRules(wanted, state, { token, timeout }), hint);
  for (;;) {
    try {
      const { stdout } = await runRoot(target, "keep the new rules", confirmRules(token));
      return printable(new TextDecoder().decode(stdout)).split("\n").filter((key) => key !== "");
    } catch (error) {
      const isAway = error instanceof TowerError && error.code === "unreachable";
      if (isAway && performance.now() + PAUSE < deadline) {
        await new Promise((resolve) => setTimeout(resolve, PAUSE));
        continue;
      }
      throw new TowerError(
        error instanceof TowerError ? error.code : "tool",
        `Cannot keep the new rules of "${target.name}": no new connection confirmed them`,
        { cause: error, hint: `It takes its old rules back ${timeout} s after it loaded these` },
      );
    }
  }
}

async function runRoot(
  { name, session, asRoot }: RulesTarget,
  title: string,
  { argv, stdin }: RootProgram,
  hint?: string,
): Promise<RemoteResult> {
  const options = hint === undefined ? {} : { hint };
  const result = await session.exec({
    argv: [...asRoot, ...argv] as [string, ...string[]],
    stdin,
    deadline: DEADLINE,
    outputLimit: STATE_LIMIT,
  });
  const { ending, stderr } = result;
  if (ending.kind === "exited" && ending.code === 0) return result;
  const said = printable(new TextDecoder().decode(stderr.subarray(0, 512))).trim();
  throw new TowerError(
    "tool",
    `Cannot ${title} of "${name}": ${said === "" ? "it failed" : said}`,
    options,
  );
}
