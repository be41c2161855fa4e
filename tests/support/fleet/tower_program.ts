import { run } from "../../../cli/root.ts";
import type { Command, Runner } from "../../../lib/proc/command.ts";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import type { Answer } from "../../../lib/proc/recording_runner.ts";
import { type TestEnv, testEnv, type TestEnvOptions } from "../program/test_env.ts";
import type { Outcome } from "../program/test_program.ts";

/** `tower` in this process, with a home of its own that its runs share. */
export class TowerProgram implements Disposable {
  readonly env: TestEnv;

  constructor(options: TestEnvOptions = {}) {
    const variables = { USER: "alice", LANG: "en_US.UTF-8", ...options.variables };
    this.env = testEnv({ runner: withoutSsh(denoRunner()), ...options, variables });
  }

  /** The inventory's folder. */
  get folder(): string {
    return `${this.env.home}/.local/tower`;
  }

  /** Runs it to its end; its temporary folder is shown as `DIR`. */
  async run(...args: string[]): Promise<Outcome> {
    const { out, err, dir } = this.env;
    const code = await run({ ...this.env, args });
    const shown = (text: string) => text.replaceAll(dir, "DIR");
    return {
      code,
      out: shown(this.env.out.slice(out.length)),
      err: shown(this.env.err.slice(err.length)),
    };
  }

  [Symbol.dispose](): void {
    this.env[Symbol.dispose]();
  }
}

/** A runner whose ssh reaches nobody: tests send nothing to the tower's addresses. */
export function withoutSsh(runner: Runner): Runner {
  return sshInside(runner, (command) => ({
    ...command,
    argv: ["sh", "-c", FAILING_SSH, "sh", ...command.argv],
  }));
}

/** A script of an ssh that finds no way to a host and logs it as the real one does. */
export const FAILING_SSH = `while [ "$#" -gt 1 ] && [ "$1" != -E ]; do shift; done
[ "$1" != -E ] || exec 2>"$2"
echo "ssh: connect to host 192.0.2.1 port 22: Network is unreachable" >&2
exit 255`;

/** What such an ssh answers, for a recording runner. */
export function failingSsh(line: string): (command: Command) => Answer {
  return ({ argv }) => {
    const at = argv.indexOf("-E");
    if (at >= 0) Deno.writeTextFileSync(argv[at + 1]!, `${line}\r\n`);
    return { code: 255 };
  };
}

/** A runner whose ssh runs elsewhere, such as in a network namespace. */
export function sshInside(runner: Runner, place: (command: Command) => Command): Runner {
  const placed = (command: Command) => command.argv[0] === "ssh" ? place(command) : command;
  return {
    which: (program) => runner.which(program),
    run: (command, options) => runner.run(placed(command), options),
    spawn: (command, options) => runner.spawn(placed(command), options),
  };
}
