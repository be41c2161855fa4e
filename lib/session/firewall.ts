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
  const answer = await ask(target, lookAtRules(wanted));
  if (answer.kind === "done") return parseRulesState(answer.stdout);
  if (answer.kind === "nothing" && answer.error instanceof TowerError) throw answer.error;
  throw failed("look at the rules", target, answer);
}

/**
 * Loads rules and keeps them once a connection that was made after that has proved access.
 *
 * @param timeout Seconds after which the machine takes its old rules back by itself.
 * @returns the names of settings that its kernel refused.
 * @throws {TowerError} that says which rules are in force, where the machine said so.
 */
export async function changeRules(
  target: RulesTarget,
  wanted: WantedRules,
  timeout: number,
): Promise<string[]> {
  const token = crypto.randomUUID().replaceAll("-", "");
  const loaded = await ask(target, loadRules(wanted, { token, timeout }));
  const deadline = performance.now() + timeout * 1000;
  if (loaded.kind !== "done") {
    const hint = `If they were loaded, the old rules are back ${timeout} s after that`;
    throw failed("load the rules", target, loaded, hint);
  }
  for (;;) {
    const kept = await ask(target, confirmRules(token));
    if (kept.kind === "done") {
      return printable(new TextDecoder().decode(kept.stdout)).split("\n").filter((key) =>
        key !== ""
      );
    }
    const isAway = kept.kind === "nothing" && kept.error instanceof TowerError &&
      kept.error.code === "unreachable";
    if (isAway && performance.now() + PAUSE < deadline) {
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
      continue;
    }
    const hint = `It has its old rules again ${timeout} s after it loaded these, unless it heard ` +
      `the confirmation; what is in force: tower firewall apply ${target.name} --dry-run`;
    throw failed("keep the new rules", target, kept, hint);
  }
}

/** What came of a program. */
type Answer =
  | { readonly kind: "done"; readonly stdout: Uint8Array }
  /** The machine says why not. */
  | { readonly kind: "refused"; readonly why: string }
  /** Nobody knows how far it got. */
  | { readonly kind: "nothing"; readonly error: unknown };

async function ask(
  { session, asRoot }: RulesTarget,
  { argv, stdin }: RootProgram,
): Promise<Answer> {
  let result: RemoteResult;
  try {
    result = await session.exec({
      argv: [...asRoot, ...argv] as [string, ...string[]],
      stdin,
      deadline: DEADLINE,
      outputLimit: STATE_LIMIT,
    });
  } catch (error) {
    return { kind: "nothing", error };
  }
  const { ending, stdout, stderr } = result;
  if (ending.kind !== "exited") return { kind: "nothing", error: undefined };
  if (ending.code === 0) return { kind: "done", stdout };
  const said = printable(new TextDecoder().decode(stderr.subarray(0, 512))).trim();
  return { kind: "refused", why: said === "" ? "it failed" : said };
}

/** @param hint What may be in force where nobody knows. */
function failed(
  title: string,
  { name }: RulesTarget,
  answer: Exclude<Answer, { kind: "done" }>,
  hint?: string,
): TowerError {
  const message = `Cannot ${title} of "${name}"`;
  if (answer.kind === "refused") return new TowerError("tool", `${message}: ${answer.why}`);
  const { error } = answer;
  return new TowerError(
    error instanceof TowerError ? error.code : "tool",
    `${message}: no answer came`,
    { ...(error !== undefined && { cause: error }), ...(hint !== undefined && { hint }) },
  );
}
