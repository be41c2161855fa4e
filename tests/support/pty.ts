import { assertMatch } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { denoRunner } from "../../lib/proc/deno_runner.ts";

/** What runs there: the terminal's settings before and after, and the exit status, frame it. */
const FRAME = `stty cols "$1" rows 24; shift; before=$(stty -a)
trap : INT
printf 'begin\\n'
"$@"
code=$?
[ "$before" = "$(stty -a)" ] && same=same || same=changed
printf 'end %s, terminal %s\\n' "$code" "$same"`;

/** A program of this checkout at a terminal of its own (script(1)). */
export class Pty implements AsyncDisposable {
  text = "";
  readonly #process;
  readonly #input;
  readonly #read: Promise<void>;

  /** @param main Such as `cli/main.ts`. */
  constructor(
    main: string,
    args: readonly string[],
    { columns = 80, variables }: {
      columns?: number;
      variables: Readonly<Record<string, string>>;
    },
  ) {
    const path = fromFileUrl(new URL(`../../${main}`, import.meta.url));
    const deno = [Deno.execPath(), "run", "--allow-all", "--no-check", path, ...args];
    const words = ["sh", "-c", FRAME, "sh", String(columns), ...deno];
    const quoted = words.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(" ");
    this.#process = denoRunner().spawn({
      argv: ["script", "-q", "-f", "-c", quoted, "/dev/null"],
      variables: { DENO_DIR: denoFolder(), ...variables },
    });
    this.#input = this.#process.stdin.getWriter();
    void this.#process.stderr.cancel();
    this.#read = this.#collect();
  }

  async #collect(): Promise<void> {
    const decoder = new TextDecoderStream();
    for await (const part of this.#process.stdout.pipeThrough(decoder)) this.text += part;
  }

  types(text: string): void {
    void this.#input.write(new TextEncoder().encode(text));
  }

  async sees(pattern: RegExp, seconds = 30): Promise<void> {
    const end = performance.now() + seconds * 1000;
    while (!pattern.test(this.text)) {
      if (performance.now() > end) assertMatch(this.text, pattern);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process[Symbol.asyncDispose]();
    await this.#input.close().catch(() => undefined);
    await this.#read;
  }
}

/** Where this Deno keeps its modules, for programs with another HOME. */
function denoFolder(): string {
  return Deno.env.get("DENO_DIR") ?? `${Deno.env.get("HOME")}/.cache/deno`;
}
