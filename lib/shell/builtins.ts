import { CommandFailure, NotUnderstood } from "./host.ts";
import { parseShell, SyntaxFault } from "./parser.ts";
import type { RunningShell } from "./running_shell.ts";
import { BreakLoop, ExitShell, ReturnFunction } from "./signals.ts";
import type { Streams } from "./streams.ts";
import type { List } from "./syntax.ts";

type Builtin = (
  shell: RunningShell,
  args: readonly string[],
  streams: Streams,
  tested: boolean,
) => number;

/** Files that read each other, one in the other. */
const MAX_SOURCES = 20;

/** Builtins whose failed redirection ends a script, and whose name no function may have (XCU 2.14). */
export const SPECIAL: readonly string[] = [
  ...[
    ".",
    ":",
    "break",
    "continue",
    "eval",
    "exec",
    "exit",
    "export",
    "local",
    "readonly",
    "return",
  ],
  ...["set", "shift", "source", "times", "trap", "unset"],
];
/** What ash knows by name without a file; `command -v` prints some of it in ways of its own. */
const OWN_WORDS =
  /^(?:!|\{|\}|\[|\[\[|if|then|elif|else|fi|for|while|until|do|done|case|esac|in|function|alias|bg|cd|chdir|command|eval|exec|fg|getopts|hash|help|history|jobs|kill|let|printf|pwd|read|readonly|source|test|times|trap|type|ulimit|umask|unalias|wait)$/;

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Builtins that need nothing but the shell. */
const BUILTINS: Readonly<Record<string, Builtin>> = {
  ":": () => 0,
  true: () => 0,
  false: () => 1,
  "."(shell, [path, ...more], streams, tested) {
    // Without a slash it is searched along PATH.
    if (!path?.includes("/") || more.length > 0) throw new NotUnderstood(`. ${path}`);
    if (shell.sources >= MAX_SOURCES) throw new NotUnderstood("files that read themselves");
    const list = sourceOf(shell, path);
    if (list.length === 0) return 0;
    shell.sources++;
    try {
      shell.list(list, streams, tested);
      return shell.status;
    } catch (signal) {
      if (!(signal instanceof ReturnFunction)) throw signal;
      return signal.status;
    } finally {
      shell.sources--;
    }
  },
  echo(_shell, args, { out }) {
    const line = args[0] === "-n" ? "" : "\n";
    const words = args.slice(line === "" ? 1 : 0);
    // Options in other spellings, and what -e would make of a backslash.
    if (out.kept && /^-[neE]/.test(words[0] ?? "")) throw new NotUnderstood(`echo ${words[0]}`);
    out.write(words.join(" ") + line);
    return 0;
  },
  printf(_shell, [format = "", ...args], { out }) {
    const known = /^(?:[^%\\]|\\n|%%|%[sd])*$/.test(format);
    const places = [...format.matchAll(/%%|%[sd]/g)].map(([place]) => place)
      .filter((place) => place !== "%%");
    const fits = places.length === args.length &&
      places.every((place, i) => place === "%s" || /^(?:0|-?[1-9][0-9]{0,8})$/.test(args[i]!));
    if (/^(?:-|$)/.test(format) || !known || !fits) {
      throw new NotUnderstood(`printf ${format}`);
    }
    let at = 0;
    out.write(
      format.replace(/%[sd]|%%|\\n/g, (p) => p === "%%" ? "%" : p === "\\n" ? "\n" : args[at++]!),
    );
    return 0;
  },
  exit(shell, args) {
    throw new ExitShell(statusOf("exit", args, shell.status));
  },
  return(shell, args) {
    if (shell.locals.length === 0) throw new NotUnderstood("return outside of a function");
    throw new ReturnFunction(statusOf("return", args, shell.status));
  },
  break: (shell, args) => leave(shell, "break", args),
  continue: (shell, args) => leave(shell, "continue", args),
  shift(shell, args) {
    const count = statusOf("shift", args, 1);
    if (count > shell.state.positional.length) throw new NotUnderstood("shift of too many");
    shell.state.positional = shell.state.positional.slice(count);
    return 0;
  },
  set(shell, args) {
    const [first, ...rest] = args;
    if (first === "--") {
      shell.state.setPositional(rest);
      return 0;
    }
    if (args.length !== 1 || !/^[-+][eu]{1,2}$/.test(first ?? "")) {
      throw new NotUnderstood(`set ${args.join(" ")}`);
    }
    const on = first!.startsWith("-");
    if (first!.includes("e")) shell.state.errexit = on;
    if (first!.includes("u")) shell.state.nounset = on;
    return 0;
  },
  local(shell, args) {
    const locals = shell.locals.at(-1);
    if (locals === undefined) throw new NotUnderstood("local outside of a function");
    for (const { name, value } of assignmentsOf("local", args)) {
      if (!locals.has(name)) locals.set(name, shell.state.variables.get(name));
      if (value !== undefined) shell.state.assign(name, value);
      // A local variable without a value: whether it starts as the outer one differs by shell.
      else if (shell.state.variables.has(name)) throw new NotUnderstood(`local ${name}`);
    }
    return 0;
  },
  export(shell, args) {
    for (const { name, value } of assignmentsOf("export", args)) {
      if (value !== undefined) shell.state.assign(name, value);
    }
    return 0;
  },
  unset(shell, args) {
    for (const name of args) {
      if (!NAME.test(name)) throw new NotUnderstood(`unset ${name}`);
      shell.state.variables.delete(name);
    }
    return 0;
  },
  cd(_shell, args) {
    // Scripts start in the root, and stay there.
    if (args.length !== 1 || args[0] !== "/") throw new NotUnderstood(`cd ${args.join(" ")}`);
    return 0;
  },
  command(shell, [option, name, ...more], streams) {
    if (option !== "-v" || name === undefined || more.length > 0 || name.includes("/")) {
      throw new NotUnderstood(`command ${[option, name, ...more].join(" ")}`);
    }
    if (OWN_WORDS.test(name)) throw new NotUnderstood(`command -v ${name}`);
    const found = shell.state.functions.has(name) || Object.hasOwn(BUILTINS, name)
      ? name
      : shell.host.which(name);
    if (found === undefined) return 127;
    streams.out.write(`${found}\n`);
    return 0;
  },
  exec(shell, args, streams) {
    const [name, ...rest] = args;
    if (name === undefined || Object.hasOwn(BUILTINS, name) || shell.state.functions.has(name)) {
      throw new NotUnderstood(`exec ${args.join(" ")}`);
    }
    shell.call([name, ...rest], streams, true);
    throw new ExitShell(shell.status);
  },
};

/**
 * Runs a builtin.
 * @returns Its status; undefined for what is none.
 */
export function runBuiltin(
  shell: RunningShell,
  [name, ...args]: readonly [string, ...string[]],
  streams: Streams,
  tested: boolean,
): number | undefined {
  return Object.hasOwn(BUILTINS, name) ? BUILTINS[name]!(shell, args, streams, tested) : undefined;
}

/** The commands of a file; a shell ends where it cannot read one. */
function sourceOf(shell: RunningShell, path: string): List {
  try {
    return parseShell(shell.host.read(path));
  } catch (error) {
    if (!(error instanceof SyntaxFault || error instanceof CommandFailure)) throw error;
    throw new NotUnderstood(`. ${path}`);
  }
}

function statusOf(name: string, args: readonly string[], otherwise: number): number {
  const [status, ...more] = args;
  if (more.length > 0 || (status !== undefined && !/^\d{1,3}$/.test(status))) {
    throw new NotUnderstood(`${name} ${args.join(" ")}`);
  }
  return status === undefined ? otherwise : Number(status) & 0xff;
}

function leave(shell: RunningShell, name: "break" | "continue", args: readonly string[]): never {
  const levels = statusOf(name, args, 1);
  if (levels < 1 || levels > shell.loops) throw new NotUnderstood(`${name} outside of a loop`);
  throw new BreakLoop(levels, name === "continue");
}

function assignmentsOf(builtin: string, args: readonly string[]) {
  return args.map((arg) => {
    const at = arg.indexOf("=");
    const name = at < 0 ? arg : arg.slice(0, at);
    if (!NAME.test(name)) throw new NotUnderstood(`${builtin} ${arg}`);
    return { name, value: at < 0 ? undefined : arg.slice(at + 1) };
  });
}
