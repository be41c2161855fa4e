import type { Runner } from "../proc/command.ts";
import type { Session } from "./session.ts";

const ANY_CODE = Array.from({ length: 256 }, (_, code) => code);

/** This machine, as if it were a host. */
export function localSession(runner: Runner): Session {
  return {
    async exec({ argv, stdin, outputLimit, deadline }) {
      const command = { argv, okCodes: ANY_CODE, ...(stdin && { stdin }) };
      const signal = AbortSignal.timeout(deadline * 1000);
      return await runner.run(command, { signal, outputLimit });
    },
  };
}
