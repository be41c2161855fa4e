import { join } from "@std/path";
import { TowerError } from "../../lib/errors.ts";
import type { Runner } from "../../lib/proc/command.ts";
import { removeTree } from "../../lib/files/files.ts";

/** What the tests said of a mutant. */
export type Verdict = "killed" | "late" | "survived";

/** What a copy of the project is made of: all that unit tests and `tests/spec` read. */
const COPIED = ["build", "cli", "docs", "lib", "tasks", "tests", "deno.json", "deno.lock"];
const ANY_CODE = Array.from({ length: 256 }, (_, code) => code);

/** A copy of the project in which sources are changed. The project itself is only read. */
export class Workbench {
  readonly #root: string;
  readonly #temp: string;
  readonly #runner: Runner;

  /** @param folder An empty one, that the caller removes. */
  constructor(project: string, folder: string, runner: Runner) {
    this.#root = join(folder, "project");
    this.#temp = join(folder, "tmp");
    this.#runner = runner;
    Deno.mkdirSync(this.#root);
    for (const name of COPIED) copyTree(join(project, name), join(this.#root, name));
  }

  /**
   * Runs tests with another text for a file, which has its own again afterwards. They may write in
   * a folder of their own and start nothing: a mutant does what nobody meant it to.
   *
   * @param limit Milliseconds.
   */
  async run(
    file: string,
    text: string,
    tests: TestChoice,
    limit: number,
  ): Promise<Verdict> {
    const path = join(this.#root, file);
    const own = Deno.readTextFileSync(path);
    const timeout = AbortSignal.timeout(limit);
    removeTree(this.#temp);
    Deno.mkdirSync(this.#temp);
    try {
      Deno.writeTextFileSync(path, text);
      const { ending } = await this.#runner.run({
        argv: [Deno.execPath(), ...testArgs(tests, this.#temp)],
        cwd: this.#root,
        variables: { ...Deno.env.toObject(), NO_COLOR: "1", TMPDIR: this.#temp },
        okCodes: ANY_CODE,
      }, { signal: timeout });
      return ending.kind === "exited" && ending.code === 0 ? "survived" : "killed";
    } catch (error) {
      if (timeout.aborted) return "late";
      // A mutant that writes without end.
      if (error instanceof TowerError && error.code === "limit") return "killed";
      throw error;
    } finally {
      Deno.writeTextFileSync(path, own);
    }
  }
}

/** Test files from the project's root. */
export interface TestChoice {
  /** Those that stand beside the source, and need no permission. */
  readonly beside: readonly string[];
  /** Those that were named. */
  readonly named: readonly string[];
}

function testArgs({ beside, named }: TestChoice, temp: string): string[] {
  const permissions = named.length === 0
    ? ["--allow-env=LOG_STREAM,LOG_TOKENS"]
    : ["--allow-env", "--allow-sys", "--allow-read", `--allow-write=${temp}`];
  return ["test", "--quiet", "--no-check", "--fail-fast", ...permissions, ...beside, ...named];
}

function copyTree(from: string, to: string): void {
  if (!Deno.statSync(from).isDirectory) return Deno.copyFileSync(from, to);
  Deno.mkdirSync(to);
  for (const { name } of Deno.readDirSync(from)) copyTree(join(from, name), join(to, name));
}
