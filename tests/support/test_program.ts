import { run } from "../../build/root.ts";
import type { Runner } from "../../lib/proc/command.ts";
import { type TestEnv, testEnv } from "./test_env.ts";

/** What a run of the program left to see. */
export interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** `tower-build` in this process, in temporary folders that its runs share. */
export class TestProgram implements Disposable {
  readonly env: TestEnv;

  constructor(options: { readonly signal?: AbortSignal; readonly runner?: Runner } = {}) {
    this.env = testEnv(options);
  }

  /** Runs it to its end. */
  async run(...args: string[]): Promise<Outcome> {
    const { out, err } = this.env;
    const code = await run({ ...this.env, args });
    return {
      code,
      out: this.env.out.slice(out.length),
      err: this.env.err.slice(err.length),
    };
  }

  /** A path as the program's working directory has it. */
  path(name: string): string {
    return `${this.env.cwd}/${name}`;
  }

  /** Writes a file into the working directory; returns its name. */
  write(name: string, text: string | Uint8Array): string {
    const path = this.path(name);
    Deno.mkdirSync(path.slice(0, path.lastIndexOf("/")), { recursive: true });
    if (typeof text === "string") Deno.writeTextFileSync(path, text);
    else Deno.writeFileSync(path, text);
    return name;
  }

  [Symbol.dispose](): void {
    this.env[Symbol.dispose]();
  }
}
