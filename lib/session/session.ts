import type { Host } from "../fleet/host.ts";
import type { Forward } from "../fleet/operations/step.ts";
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

/** A way between ports of two machines. It ends with its owner, whatever that one's end. */
export interface Tunnel extends AsyncDisposable {
  /** Why it is gone: a link was lost, or it was disposed of. Never rejects. */
  readonly ended: Promise<unknown>;
}

/** A way to run programs on a machine. */
export interface Session {
  /**
   * Runs one to its end, whatever its exit code.
   * @param signal Ends it early; its reason is thrown.
   * @throws {TowerError} `untrusted` when the host does not have its known key, `permission` when
   * it refuses ours, `unreachable` when it does not answer, `limit` when it says too much.
   */
  exec(program: RemoteProgram, signal?: AbortSignal): Promise<RemoteResult>;
  /**
   * Opens a tunnel, once both ends listen.
   * @throws {TowerError} as `exec`; `unsupported` to this machine itself.
   */
  forward(forward: Forward, signal?: AbortSignal): Promise<Tunnel>;
}

/** What a {@linkcode SocketWay} leads to. */
export type SocketEnd =
  /** A port beyond the host, which the host resolves: a socket here is listened on. */
  | { readonly kind: "beyond"; readonly address: string; readonly port: number }
  /** A port of the host's loopback that its kernel chooses: connections to it come to a socket here. */
  | { readonly kind: "offered" };

/** A way between a socket of this machine and a host. The socket's path has nothing to be quoted. */
export interface SocketWay {
  readonly socket: string;
  readonly end: SocketEnd;
}

/** An open {@linkcode SocketWay}. */
export interface OpenWay extends Tunnel {
  /** The host's port, of one that is offered. */
  readonly port: number | undefined;
}

/** A way to run programs on a host. */
export interface HostSession extends Session {
  readonly host: Host;
  /** Opens a way by a socket, once both ends listen. @throws {TowerError} as `forward`. */
  open(way: SocketWay, signal?: AbortSignal): Promise<OpenWay>;
}
