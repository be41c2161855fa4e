import type { Env } from "../env.ts";
import { printable } from "../errors.ts";
import type { Command, Runner } from "../proc/command.ts";
import { describe, endingText } from "../proc/failure.ts";
import { jsonLine } from "../report/json_reporter.ts";
import type { Ending, Verbosity } from "./ending.ts";

/** `--quiet` and `--verbose` together ask for neither, as in TowerOS. */
export function verbosityOf(options: Readonly<Record<string, unknown>>): Verbosity {
  const [quiet, verbose] = [options["quiet"] === true, options["verbose"] === true];
  return quiet === verbose ? "normal" : quiet ? "quiet" : "verbose";
}

/** What `--verbose` tells: a line of text each, or of JSON. */
type Detail =
  | { readonly type: "program"; readonly id: number; readonly line: string }
  | {
    readonly type: "program-ended";
    readonly id: number;
    readonly how: string;
    readonly milliseconds: number;
  }
  | { readonly type: "detail"; readonly message: string };

/**
 * An environment that says as much as the command line asked for, once that is known. Quiet, what
 * is neither result nor error is left out; but a question shows what it is about. Verbose, each
 * program that is run is told, with the time that it took, and what was decided.
 */
export function tellingEnv(env: Env, ending: Ending): Env {
  let held = "";
  const release = () => {
    env.stderr.write(held);
    held = "";
  };
  const tell = (detail: Detail) => {
    if (ending.verbosity !== "verbose") return;
    env.stderr.write(ending.json ? jsonLine(detail) : `${printable(textOf(detail))}\n`);
  };
  // What the environment tells is asked when it is needed: it may not be known, or change. All is the
  // object's own, so that `{ ...env }` has it.
  return Object.defineProperties({} as Env, {
    ...Object.getOwnPropertyDescriptors(env),
    ...Object.getOwnPropertyDescriptors(
      {
        notes: {
          write(text: string) {
            if (ending.verbosity === "quiet") held += text;
            else env.notes.write(text);
          },
        },
        // Lines between those that are drawn again and again would tear them.
        get stderrIsTerminal() {
          return env.stderrIsTerminal && ending.verbosity === "normal";
        },
        ask(question: string) {
          release();
          return env.ask(question);
        },
        askSecret(question: string) {
          release();
          return env.askSecret(question);
        },
        explain: (message: string) => tell({ type: "detail", message }),
        runner: toldRunner(env.runner, tell),
      } satisfies Partial<Env>,
    ),
  });
}

function textOf(detail: Detail): string {
  switch (detail.type) {
    case "program":
      return `run ${detail.id}: ${detail.line}`;
    case "program-ended":
      return `run ${detail.id}: ${detail.how} after ${(detail.milliseconds / 1000).toFixed(2)} s`;
    case "detail":
      return `detail: ${detail.message}`;
  }
}

/** Tells of each program, without its secrets, when it starts and when it has ended. */
function toldRunner(runner: Runner, tell: (detail: Detail) => void): Runner {
  let count = 0;
  const begin = (command: Command) => {
    const id = ++count;
    const start = performance.now();
    tell({ type: "program", id, line: describe(command) });
    return (how: string) => {
      const milliseconds = Math.round(performance.now() - start);
      tell({ type: "program-ended", id, how, milliseconds });
    };
  };
  return {
    which: (program) => runner.which(program),
    async run(command, options) {
      const end = begin(command);
      try {
        const result = await runner.run(command, options);
        end(endingText(result.ending));
        return result;
      } catch (error) {
        end("it failed");
        throw error;
      }
    },
    spawn(command, options) {
      const end = begin(command);
      const child = runner.spawn(command, options);
      void child.ended.then((ending) => end(endingText(ending)));
      return child;
    },
  };
}
