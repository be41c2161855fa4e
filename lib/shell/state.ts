import { NotUnderstood } from "./host.ts";
import type { Command } from "./syntax.ts";

/** Variables that the shell or its caller sets: their values are the machine's. */
const MACHINE =
  /^(?:APK_.*|ENV|ERRNO|EPOCH.*|FUNCNAME|HISTFILE|HOME|HOSTNAME|IFS|LINENO|LOGNAME|MAIL.*|OLDPWD|OPTARG|OPTIND|PPID|PS[124]|PWD|RANDOM|SECONDS|SHELL|SHLVL|TERM|TMPDIR|UID|USER|_)$/;

/** Variables for one command that change nothing of what commands do to files. */
export const HARMLESS = /^(?:LANG|LC_[A-Z]+|PKGSYSTEM_ENABLE_FSYNC|XDG_[A-Z_]+)$/;

/** Longest value, and most positional parameters: scripts that double theirs have no end. */
const MAX_VALUE = 1 << 16;
const MAX_POSITIONAL = 1 << 12;

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
    if (!/^[A-Za-z_]/.test(name)) throw new NotUnderstood(`a value for $${name}`);
    if (value.length > MAX_VALUE) throw new NotUnderstood(`a long value for ${name}`);
    this.variables.set(name, value);
  }

  /** `set --`: replaces `$1` and on. */
  setPositional(values: readonly string[]): void {
    if (values.length > MAX_POSITIONAL) throw new NotUnderstood("too many parameters");
    this.positional = values;
  }

  /** The value of a variable or special parameter; `status` is that of the last command. */
  parameter(name: string, status: number): string | undefined {
    if (name === "#") return String(this.positional.length);
    if (name === "?") return String(status);
    if (/^[1-9][0-9]*$/.test(name)) return this.positional[Number(name) - 1];
    if (/^(?:0[0-9]*|[$!-])$/.test(name)) throw new NotUnderstood(`$${name}`);
    if (MACHINE.test(name) && !this.variables.has(name)) throw new NotUnderstood(`$${name}`);
    return this.variables.get(name);
  }
}
