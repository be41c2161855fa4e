import { NotUnderstood } from "./host.ts";
import type { Command } from "./syntax.ts";

/** Variables that the shell or its caller sets: their values are the machine's. */
const MACHINE =
  /^(?:APK_.*|ENV|ERRNO|EPOCH.*|FUNCNAME|HISTFILE|HOME|HOSTNAME|IFS|LINENO|LOGNAME|MAIL.*|OLDPWD|OPTARG|OPTIND|PPID|PS[124]|PWD|RANDOM|SECONDS|SHELL|SHLVL|TERM|TMPDIR|UID|USER|_)$/;

/** What a subshell has a copy of. */
export class ShellState {
  variables: Map<string, string>;
  functions = new Map<string, Command>();
  positional: readonly string[];
  errexit = false;
  nounset = false;

  constructor(variables: Iterable<[string, string]>, positional: readonly string[]) {
    this.variables = new Map(variables);
    this.positional = positional;
  }

  copy(): ShellState {
    const copy = new ShellState(this.variables, this.positional);
    copy.functions = new Map(this.functions);
    copy.errexit = this.errexit;
    copy.nounset = this.nounset;
    return copy;
  }

  assign(name: string, value: string): void {
    if (MACHINE.test(name) || name === "PATH") throw new NotUnderstood(`a value for ${name}`);
    this.variables.set(name, value);
  }

  /** The value of a variable or special parameter; `status` is that of the last command. */
  parameter(name: string, status: number): string | undefined {
    if (name === "#") return String(this.positional.length);
    if (name === "?") return String(status);
    if (/^[1-9][0-9]*$/.test(name)) return this.positional[Number(name) - 1];
    if (/^[0$!-]$/.test(name)) throw new NotUnderstood(`$${name}`);
    if (MACHINE.test(name) && !this.variables.has(name)) throw new NotUnderstood(`$${name}`);
    return this.variables.get(name);
  }
}
