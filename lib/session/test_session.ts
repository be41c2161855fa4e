import { testHost } from "../fleet/test_host.ts";
import type { Host } from "../fleet/host.ts";
import type { Forward } from "../fleet/operations/step.ts";
import type { HostSession, OpenWay, RemoteProgram, RemoteResult, Tunnel } from "./session.ts";

/** What a scripted machine answers; an error is thrown. */
export interface TestAnswer {
  readonly code?: number;
  readonly signal?: string;
  readonly stdout?: string;
  readonly stderr?: string;
  readonly error?: unknown;
  /** Never comes; the call ends by its signal. */
  readonly hangs?: true;
}

/** A tunnel that is there until it is disposed of or its link is lost. */
export class TestTunnel implements Tunnel {
  readonly #ended = Promise.withResolvers<unknown>();
  readonly ended = this.#ended.promise;
  isOpen = true;

  constructor(readonly forward: Forward) {}

  lose(cause: unknown): void {
    this.isOpen = false;
    this.#ended.resolve(cause);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.lose(undefined);
    return Promise.resolve();
  }
}

/** A session for tests: runs nothing, records every program, answers in order, the last one forever. */
export class TestSession implements HostSession {
  readonly host: Host;
  readonly programs: RemoteProgram[] = [];
  readonly tunnels: TestTunnel[] = [];
  readonly #answers: readonly TestAnswer[];

  constructor(answers: readonly TestAnswer[] = [{}], host: Host = testHost("web")) {
    this.host = host;
    this.#answers = answers;
  }

  forward(forward: Forward): Promise<Tunnel> {
    const tunnel = new TestTunnel(forward);
    this.tunnels.push(tunnel);
    return Promise.resolve(tunnel);
  }

  open(): Promise<OpenWay> {
    return Promise.reject(new TypeError("A test's session opens no sockets"));
  }

  exec(program: RemoteProgram, ending?: AbortSignal): Promise<RemoteResult> {
    const answer = this.#answers[this.programs.length] ?? this.#answers.at(-1)!;
    this.programs.push(program);
    if (answer.hangs) {
      return new Promise((_, reject) =>
        ending?.addEventListener("abort", () => reject(ending.reason))
      );
    }
    if (answer.error !== undefined) return Promise.reject(answer.error);
    const { code = 0, signal, stdout = "", stderr = "" } = answer;
    return Promise.resolve({
      ending: signal === undefined ? { kind: "exited", code } : { kind: "signalled", signal },
      stdout: new TextEncoder().encode(stdout),
      stderr: new TextEncoder().encode(stderr),
    });
  }
}
