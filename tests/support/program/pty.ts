import { fromFileUrl } from "@std/path";
import { TypedProgram } from "./typed_program.ts";

/** What runs there: the terminal's settings before and after, and the exit status, frame it. */
const FRAME = `stty cols "$1" rows 24; shift; before=$(stty -a)
trap : INT
printf 'begin\\n'
"$@"
code=$?
[ "$before" = "$(stty -a)" ] && same=same || same=changed
printf 'end %s, terminal %s\\n' "$code" "$same"`;

/** A program of this checkout at a terminal of its own (script(1)). */
export class Pty extends TypedProgram {
  /** @param main Such as `cli/main.ts`. */
  constructor(
    main: string,
    args: readonly string[],
    { columns = 80, variables }: {
      columns?: number;
      variables: Readonly<Record<string, string>>;
    },
  ) {
    const path = fromFileUrl(new URL(`../../../${main}`, import.meta.url));
    const deno = [Deno.execPath(), "run", "--allow-all", "--no-check", path, ...args];
    const words = ["sh", "-c", FRAME, "sh", String(columns), ...deno];
    const quoted = words.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(" ");
    super({
      argv: ["script", "-q", "-f", "-c", quoted, "/dev/null"],
      variables: { DENO_DIR: denoFolder(), ...variables },
    });
  }
}

/** Where this Deno keeps its modules, for programs with another HOME. */
function denoFolder(): string {
  return Deno.env.get("DENO_DIR") ?? `${Deno.env.get("HOME")}/.cache/deno`;
}
