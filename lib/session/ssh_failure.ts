import { TowerError } from "../errors.ts";
import type { Host } from "../fleet/host.ts";
import type { SshFailure } from "../ssh/ssh_log.ts";
import { exists, readBytes } from "../files/files.ts";

/** Most bytes of ssh's log. */
const LOG_LIMIT = 1 << 20;

/** What ssh wrote of its own failure; nothing where it wrote none. */
export function logIn(path: string): string {
  return exists(path) ? new TextDecoder().decode(readBytes(path, LOG_LIMIT)) : "";
}

const CAUSES: Readonly<Record<Exclude<SshFailure, "other-key" | "key-refused">, string>> = {
  "no-answer": "no answer",
  "port-refused": "it refuses connections to its SSH port",
  "no-way": "no way to its network",
  "closed": "it closed the connection",
  "unknown": "the connection failed",
};

/** Why ssh reached no host, as an error. */
export function sshFailure({ name, env }: Host, failure: SshFailure): TowerError {
  const say = (code: "untrusted" | "permission" | "unreachable", cause: string, hint?: string) =>
    new TowerError(code, `Cannot reach "${name}": ${cause}`, hint === undefined ? {} : { hint });
  switch (failure) {
    case "other-key":
      return say(
        "untrusted",
        `what answers at ${env.address} has another key than ${name}`,
        "Another machine may pretend to be it. If you know why, provision it again",
      );
    case "key-refused":
      return say("permission", `it does not let ${env.username} in with our key`);
    default:
      return say("unreachable", CAUSES[failure]);
  }
}
