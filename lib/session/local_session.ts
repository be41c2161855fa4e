import { TowerError } from "../errors.ts";
import type { Runner } from "../proc/command.ts";
import type { Session } from "./session.ts";

/** However a program ends by itself. */
export const ANY_CODE = Array.from({ length: 256 }, (_, code) => code);

/** This machine, as if it were a host. */
export function localSession(runner: Runner): Session {
  return {
    async exec({ argv, stdin, outputLimit, deadline }, ending) {
      const command = { argv, okCodes: ANY_CODE, ...(stdin && { stdin }) };
      const late = AbortSignal.timeout(deadline * 1000);
      const signal = ending ? AbortSignal.any([late, ending]) : late;
      return await runner.run(command, { signal, outputLimit });
    },
    forward() {
      const message = "Cannot open a tunnel: this machine needs none to itself";
      return Promise.reject(new TowerError("unsupported", message));
    },
  };
}
