import { runBuiltin, SPECIAL } from "./builtins.ts";
import {
  expandCommand,
  expandFields,
  expandText,
  type ExpansionContext,
  matchesWord,
} from "./expansion.ts";
import { CommandFailure, type Io, NotUnderstood, type ShellHost } from "./host.ts";
import { Limits, MAX_CALLS } from "./limits.ts";
import { ExitShell, ReturnFunction, runRounds } from "./signals.ts";
import type { RunningShell } from "./running_shell.ts";
import { HARMLESS, ShellState } from "./state.ts";
import { Buffer, Input, NOBODY, redirected, RedirectFailure, type Streams } from "./streams.ts";
import type { AndOr, Command, List, Pipeline, Redirect, Word } from "./syntax.ts";

type CompoundCommand = Exclude<Command, { kind: "simple" | "function" }>;

export class Interpreter implements RunningShell {
  readonly host: ShellHost;
  state: ShellState;
  status = 0;
  failed: string | undefined;
  locals: Map<string, string | undefined>[] = [];
  readonly #limits = new Limits();
  loops = 0;
  sources = 0;

  constructor(host: ShellHost, state: ShellState) {
    this.host = host;
    this.state = state;
  }

  list(list: List, streams: Streams, tested: boolean): void {
    for (const item of list) this.#andOr(item, streams, tested);
  }

  #andOr({ first, rest, background }: AndOr, streams: Streams, tested: boolean): void {
    if (background) throw new NotUnderstood("a command in the background");
    this.#pipeline(first, streams, tested || rest.length > 0);
    for (const [i, { after, pipeline }] of rest.entries()) {
      if ((after === "success") !== (this.status === 0)) continue;
      this.#pipeline(pipeline, streams, tested || i < rest.length - 1);
    }
  }

  #pipeline({ negated, commands }: Pipeline, streams: Streams, tested: boolean): void {
    const isTested = tested || negated;
    if (commands.length === 1) this.#command(commands[0]!, streams, isTested);
    else {
      let { input } = streams;
      for (const [i, command] of commands.entries()) {
        const last = i === commands.length - 1;
        const buffer = new Buffer();
        const out = last ? streams.out : buffer;
        const inner = { ...streams, input, out };
        this.status = this.subshell(() => this.#command(command, inner, isTested));
        input = new Input(buffer.text);
      }
    }
    if (negated) this.status = this.status === 0 ? 1 : 0;
    else if (this.status !== 0 && !tested && this.state.errexit) throw new ExitShell(this.status);
  }

  /** Runs something with a copy of the state. @returns The status. */
  subshell(run: () => void): number {
    const { state, loops, locals } = this;
    this.state = state.copy();
    this.loops = 0;
    this.locals = locals.map((l) => new Map(l));
    try {
      run();
      return this.status;
    } catch (signal) {
      if (signal instanceof ExitShell) return signal.status;
      if (signal instanceof ReturnFunction) throw new NotUnderstood("return out of a subshell");
      throw signal;
    } finally {
      this.state = state;
      this.loops = loops;
      this.locals = locals;
    }
  }

  #command(command: Command, streams: Streams, tested: boolean): void {
    this.#limits.enter();
    try {
      this.#run(command, streams, tested);
    } finally {
      this.#limits.leave();
    }
  }

  #run(command: Command, streams: Streams, tested: boolean): void {
    if (command.kind === "simple") return this.#simple(command, streams, tested);
    if (command.kind === "function") {
      if (SPECIAL.includes(command.name)) throw new NotUnderstood(`function ${command.name}`);
      this.state.functions.set(command.name, command.body);
      this.status = 0;
      return;
    }
    const redirected = this.#redirected(command.redirects, streams);
    if (redirected === undefined) return;
    this.#compound(command, redirected, tested);
  }

  #compound(command: CompoundCommand, streams: Streams, tested: boolean): void {
    switch (command.kind) {
      case "group":
        return this.list(command.list, streams, tested);
      case "subshell":
        this.status = this.subshell(() => this.list(command.list, streams, tested));
        return;
      case "if":
        for (const { condition, then } of command.branches) {
          this.list(condition, streams, true);
          if (this.status === 0) return this.list(then, streams, tested);
        }
        if (command.otherwise.length === 0) this.status = 0;
        return this.list(command.otherwise, streams, tested);
      case "case": {
        const text = expandText(command.word, this.#context());
        const item = command.items.find(({ patterns }) =>
          patterns.some((pattern) => matchesWord(text, pattern, this.#context()))
        );
        if (item === undefined || item.list.length === 0) this.status = 0;
        else this.list(item.list, streams, tested);
        return;
      }
      case "for": {
        const words = command.words === undefined
          ? this.state.positional
          : expandFields(command.words, this.#context());
        if (words.length === 0) this.status = 0;
        return this.#loop(words.values(), (word) => {
          this.state.assign(command.name, word);
          this.list(command.body, streams, tested);
        });
      }
      case "while": {
        let last = 0;
        this.#loop(this.#rounds(command.condition, command.until, streams), () => {
          this.list(command.body, streams, tested);
          last = this.status;
        });
        this.status = last;
      }
    }
  }

  *#rounds(condition: List, until: boolean, streams: Streams): Generator<undefined> {
    if (streams.input !== undefined) throw new NotUnderstood("a loop that reads its input");
    for (;;) {
      // `break` there leaves this loop in ash, another one in other shells.
      const { loops } = this;
      this.loops = 0;
      this.list(condition, streams, true);
      this.loops = loops;
      if ((this.status === 0) === until) return;
      yield undefined;
    }
  }

  #loop<T>(rounds: Iterator<T>, body: (item: T) => void): void {
    this.loops++;
    try {
      runRounds(rounds, body, () => this.status = 0);
    } finally {
      this.loops--;
    }
  }

  #simple(command: Command & { kind: "simple" }, streams: Streams, tested: boolean): void {
    this.#substituted = 0;
    const words = expandCommand(command.words, this.#context());
    const redirected = this.#redirected(command.redirects, streams);
    if (redirected === undefined) {
      if (!SPECIAL.includes(words[0] ?? ":")) return;
      throw new NotUnderstood(`${words.join(" ")} with a redirection that fails`);
    }
    const values = command.assignments.map(({ name, value }) => ({
      name,
      value: expandText(value, this.#context()),
    }));
    const [name, ...args] = words;
    if (name === undefined) {
      for (const assignment of values) this.state.assign(assignment.name, assignment.value);
      this.status = this.#substituted;
      return;
    }
    if (values.some((v) => !HARMLESS.test(v.name))) {
      throw new NotUnderstood(`${values[0]!.name}=… ${words.join(" ")}`);
    }
    this.call([name, ...args], redirected, tested);
  }

  /** Whether a status is 1 only because all that is known is that it is not 0. */
  #isGuess = false;

  /** Status of the last `$(…)` of a simple command. */
  #substituted = 0;

  call(argv: readonly [string, ...string[]], streams: Streams, tested: boolean): void {
    const [name, ...args] = argv;
    const body = this.state.functions.get(name);
    if (body !== undefined) return this.#callFunction(body, args, streams, tested);
    try {
      const io: Io = { input: () => streams.input?.take(), out: (text) => streams.out.write(text) };
      this.status = runBuiltin(this, argv, streams, tested) ?? this.host.run(argv, io);
      this.#isGuess = false;
      if (this.status !== 0) this.failed = argv.join(" ");
    } catch (error) {
      if (!(error instanceof CommandFailure)) throw error;
      if (streams.err.kept) throw new NotUnderstood(`what "${argv.join(" ")}" says of its failure`);
      this.status = 1;
      this.#isGuess = true;
      this.failed = `${argv.join(" ")}: ${error.message}`;
    }
  }

  #callFunction(
    body: Command,
    args: readonly string[],
    streams: Streams,
    tested: boolean,
  ): void {
    const { positional } = this.state;
    const { loops } = this;
    if (this.locals.length >= MAX_CALLS) throw new NotUnderstood("a function without an end");
    const locals = new Map<string, string | undefined>();
    this.locals.push(locals);
    this.state.positional = args;
    this.loops = 0;
    try {
      this.#command(body, streams, tested);
    } catch (signal) {
      if (!(signal instanceof ReturnFunction)) throw signal;
      this.status = signal.status;
    } finally {
      this.locals.pop();
      this.state.positional = positional;
      this.loops = loops;
      for (const [name, value] of locals) {
        if (value === undefined) this.state.variables.delete(name);
        else this.state.variables.set(name, value);
      }
    }
  }

  /** Descriptors after redirections; undefined where a file cannot be opened. */
  #redirected(redirects: readonly Redirect[], streams: Streams): Streams | undefined {
    const expand = (target: Word) => expandText(target, this.#context());
    try {
      return redirected(redirects, streams, this.host, expand);
    } catch (failure) {
      if (!(failure instanceof RedirectFailure)) throw failure;
      if (streams.err.kept) throw new NotUnderstood(`what is said of "${failure.words}"`);
      this.status = 1;
      this.#isGuess = true;
      this.failed = `${failure.words}: ${failure.cause.message}`;
      return undefined;
    }
  }

  #parameter(name: string): string | undefined {
    if (name === "?" && this.status !== 0 && this.#isGuess) {
      throw new NotUnderstood("$? after a failure");
    }
    return this.state.parameter(name, this.status);
  }

  #context(): ExpansionContext {
    return {
      host: this.host,
      positional: this.state.positional,
      nounset: this.state.nounset,
      spend: (work) => this.#limits.spend(work),
      parameter: (name) => this.#parameter(name),
      assign: (name, value) => this.state.assign(name, value),
      substitute: (list) => {
        const buffer = new Buffer();
        // What a substitution ended with is told by an assignment, never by `$?` beside it.
        const { status } = this;
        this.#substituted = this.subshell(() => {
          // ash does not carry -e into a substitution.
          this.state.errexit = false;
          this.list(list, { ...NOBODY, out: buffer }, false);
        });
        this.status = status;
        return buffer.text.replace(/\n+$/, "");
      },
    };
  }
}
