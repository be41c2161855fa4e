import type { Host } from "../fleet/host.ts";
import type { Ending } from "../proc/command.ts";

/** A program on a host. */
export interface RemoteProgram {
  readonly argv: readonly [string, ...string[]];
  readonly stdin?: Uint8Array;
  /** Most bytes kept of each output; more is an error. */
  readonly outputLimit: number;
  /** Seconds until the answer must be there. */
  readonly deadline: number;
}

/** What came back. The streams are the host's own bytes: hostile until parsed. */
export interface RemoteResult {
  readonly ending: Ending;
  readonly stdout: Uint8Array;
  readonly stderr: Uint8Array;
}

/** A way to run programs on a machine. */
export interface Session {
  /**
   * Runs one to its end, whatever its exit code.
   * @throws {TowerError} `untrusted` when the host does not have its known key, `permission` when
   * it refuses ours, `unreachable` when it does not answer, `limit` when it says too much.
   */
  exec(program: RemoteProgram): Promise<RemoteResult>;
}

/** A way to run programs on a host. */
export interface HostSession extends Session {
  readonly host: Host;
}
