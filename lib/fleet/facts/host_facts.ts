import { z } from "zod";
import { TowerError } from "../../errors.ts";
import { strictJson } from "../../strict_json.ts";
import agent from "../scripts/host_facts.sh" with { type: "text" };
import type { Fact } from "./fact.ts";

/** Most bytes of an agent's answer; a true one has some 300. */
export const FACTS_LIMIT = 16384;

const text = z.string().max(80).regex(/^[A-Za-z0-9 ._+:/-]*$/);
const count = (most: number) => z.number().int().min(0).max(most).nullable();

const SCHEMA = z.strictObject({
  agent: z.literal(1),
  /** Seconds since 1970, which is where a machine without a clock of its own begins; to 2286. */
  time: z.number().int().min(0).max(1e10 - 1).nullable(),
  system: text,
  kernel: text,
  /** Mean number of running programs over a minute. */
  load: z.string().regex(/^[0-9]{1,5}\.[0-9]{1,2}$/),
  /** Seconds. */
  uptime: count(1e10),
  processors: count(4096),
  /** KiB. */
  memoryTotal: count(2 ** 42),
  memoryAvailable: count(2 ** 42),
  /** Thousandths of a degree Celsius. */
  temperature: count(1_000_000),
  /** KiB. */
  diskTotal: count(2 ** 42),
  diskUsed: count(2 ** 42),
  packages: count(1_000_000),
});

/** What a host says of itself; null where it does not know. */
export type HostFacts = z.infer<typeof SCHEMA>;

/** The state of a host; no root is needed. */
export const HOST_FACTS: Fact<HostFacts> = {
  name: "host",
  asking: (machine) => `ask "${machine}"`,
  script: agent,
  deadline: 15,
  limit: FACTS_LIMIT,
  explains: false,
  parse: parseFacts,
};

/**
 * Reads the answer of the facts agent. All of it may be a lie; none of it can be anything but
 * numbers within bounds and short plain text.
 *
 * @throws {TowerError} `malformed`, without a byte of the answer.
 */
export function parseFacts(bytes: Uint8Array): HostFacts {
  const refuse = (cause: string) =>
    new TowerError("malformed", `Cannot read the host's answer: ${cause}`);
  if (bytes.length > FACTS_LIMIT) throw refuse(`it has more than ${FACTS_LIMIT} bytes`);
  let value: unknown;
  try {
    value = strictJson(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw refuse("it is no JSON");
  }
  const result = SCHEMA.safeParse(value);
  if (result.success) return result.data;
  const field = result.error.issues[0]?.path[0];
  // Names of unknown fields are the host's own text.
  throw refuse(
    typeof field === "string" && Object.hasOwn(SCHEMA.shape, field)
      ? `its field "${field}" is not what the agent writes`
      : "its fields are not those that the agent writes",
  );
}
