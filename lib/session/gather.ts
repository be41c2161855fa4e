import { TowerError } from "../errors.ts";
import type { Fact } from "../fleet/facts/fact.ts";
import { argvAs, type Named } from "../fleet/operations/step.ts";
import type { Session } from "./session.ts";
import { saidOf } from "./steps/handler.ts";

/**
 * Asks a machine for a fact, by one connection.
 * @param machine Its name, and what makes a program root's there, where the fact is root's to tell.
 * @throws {TowerError} as a session and the fact's parser; `tool` where its script failed
 */
export async function gather<T>(
  session: Pick<Session, "exec">,
  fact: Fact<T>,
  machine: Named & { readonly become?: readonly string[] },
): Promise<T> {
  const { name, become = [] } = machine;
  const { script, input, deadline, limit: outputLimit } = fact;
  const shell = input === undefined
    ? { argv: argvAs(become, ["sh", "-s"]), stdin: new TextEncoder().encode(script) }
    : { argv: argvAs(become, ["sh", "-c", script, `tower-${fact.name}`]), stdin: input };
  const result = await session.exec({ ...shell, outputLimit, deadline });
  const { ending, stdout } = result;
  if (ending.kind === "exited" && ending.code === 0) return fact.parse(stdout);
  const why = !fact.explains
    ? "its shell failed"
    : ending.kind === "exited"
    ? saidOf(result)
    : "no answer came";
  throw new TowerError("tool", `Cannot ${fact.asking(name)}: ${why}`);
}
