import { testHost } from "../fleet/test_host.ts";
import type { Host } from "../fleet/host.ts";
import type { HostSession, RemoteProgram, RemoteResult } from "./session.ts";

/** What a scripted machine answers; an error is thrown. */
export interface TestAnswer {
  readonly code?: number;
  readonly signal?: string;
  readonly stdout?: string;
  readonly stderr?: string;
  readonly error?: unknown;
}

/** A session for tests: runs nothing, records every program, answers in order, the last one forever. */
export class TestSession implements HostSession {
  readonly host: Host;
  readonly programs: RemoteProgram[] = [];
  readonly #answers: readonly TestAnswer[];

  constructor(answers: readonly TestAnswer[] = [{}], host: Host = testHost("web")) {
    this.host = host;
    this.#answers = answers;
  }

  exec(program: RemoteProgram): Promise<RemoteResult> {
    const answer = this.#answers[this.programs.length] ?? this.#answers.at(-1)!;
    this.programs.push(program);
    if (answer.error !== undefined) return Promise.reject(answer.error);
    const { code = 0, signal, stdout = "", stderr = "" } = answer;
    return Promise.resolve({
      ending: signal === undefined ? { kind: "exited", code } : { kind: "signalled", signal },
      stdout: new TextEncoder().encode(stdout),
      stderr: new TextEncoder().encode(stderr),
    });
  }
}
