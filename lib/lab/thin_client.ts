import { join } from "@std/path";
import type { Command, Ending, Runner } from "../proc/command.ts";
import { quoteArgv } from "../proc/quoting.ts";
import { makeDir, writeFileAtomic } from "../files/files.ts";

/** A machine on which commands can be run. */
export interface Place {
  inside(command: Command): Command;
}

export interface Said {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Who sits at the thin client. */
export interface LabUser {
  readonly name: string;
  /** Where the home goes. */
  readonly folder: string;
  /** The program `tower`, and the arguments before the user's own. */
  readonly tower: readonly [string, ...string[]];
  /** What their programs know of the machine around. */
  readonly variables: Readonly<Record<string, string>>;
}

/** The user at the thin client: a home of their own, `tower` on the path, the tower's network. */
export class ThinClient {
  readonly #runner: Runner;
  readonly #machine: Place;
  readonly #variables: Readonly<Record<string, string>>;

  constructor(runner: Runner, machine: Place, user: LabUser) {
    this.#runner = runner;
    this.#machine = machine;
    const [home, bin] = [join(user.folder, "home"), join(user.folder, "bin")];
    makeDir(home);
    makeDir(bin);
    const script = `#!/bin/sh\nexec ${quoteArgv(user.tower)} "$@"\n`;
    writeFileAtomic(join(bin, "tower"), new TextEncoder().encode(script), 0o755);
    this.#variables = {
      ...user.variables,
      HOME: home,
      USER: user.name,
      LANG: "en_US.UTF-8",
      PATH: `${bin}:${user.variables["PATH"] ?? "/usr/sbin:/usr/bin:/sbin:/bin"}`,
      PS1: "thinclient$ ",
    };
  }

  /** Runs `tower`; any exit code is an answer. */
  tower(...args: readonly string[]): Promise<Said> {
    return this.ask(this.#machine, ["tower", ...args]);
  }

  /** A shell, or a command of the user, at this terminal. */
  async work(argv: readonly [string, ...string[]]): Promise<Ending> {
    const command = this.#machine.inside(this.#placed({ argv }));
    await using process = this.#runner.spawn(command, { stdio: "inherit" });
    return await process.ended;
  }

  /** Runs a program of the user, at the thin client or wherever else. */
  async ask(place: Place, argv: readonly [string, ...string[]]): Promise<Said> {
    const okCodes = Array.from({ length: 256 }, (_, i) => i);
    const command = place.inside(this.#placed({ argv, okCodes }));
    const { ending, stdout, stderr } = await this.#runner.run(command);
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    return {
      code: ending.kind === "exited" ? ending.code : 1,
      out: text(stdout),
      err: text(stderr),
    };
  }

  #placed(command: Command): Command {
    return { ...command, variables: this.#variables, cwd: this.#variables["HOME"]! };
  }
}
