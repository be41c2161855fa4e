import { fromFileUrl, join } from "@std/path";
import type { Command, Ending, Runner } from "../../lib/proc/command.ts";
import { makeDir, writeFileAtomic } from "../../lib/files/files.ts";

const CLI = fromFileUrl(new URL("../../cli/main.ts", import.meta.url));
const CONNECT = fromFileUrl(new URL("./connect.ts", import.meta.url));

/** A machine on which commands can be run. */
export interface Place {
  inside(command: Command): Command;
}

export interface Said {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** The user at the thin client: a home of their own, `tower` on the path, the tower's network. */
export class ThinClient {
  readonly #runner: Runner;
  readonly #machine: Place;
  readonly #variables: Readonly<Record<string, string>>;

  /** @param folder Where the home goes. */
  constructor(runner: Runner, machine: Place, folder: string, user: string) {
    this.#runner = runner;
    this.#machine = machine;
    const [home, bin] = [join(folder, "home"), join(folder, "bin")];
    makeDir(home);
    makeDir(bin);
    const script = `#!/bin/sh\nexec '${Deno.execPath()}' run --allow-all '${CLI}' "$@"\n`;
    writeFileAtomic(join(bin, "tower"), new TextEncoder().encode(script), 0o755);
    const denoDir = Deno.env.get("DENO_DIR") ??
      `${Deno.env.get("XDG_CACHE_HOME") ?? `${Deno.env.get("HOME")}/.cache`}/deno`;
    this.#variables = {
      HOME: home,
      USER: user,
      LANG: "en_US.UTF-8",
      PATH: `${bin}:${Deno.env.get("PATH") ?? "/usr/sbin:/usr/bin:/sbin:/bin"}`,
      TERM: Deno.env.get("TERM") ?? "dumb",
      PS1: "thinclient$ ",
      DENO_DIR: denoDir,
    };
  }

  /** Runs `tower`; any exit code is an answer. */
  tower(...args: readonly string[]): Promise<Said> {
    return this.#ask(this.#machine, ["tower", ...args]);
  }

  /** Tries to connect from a machine of the cables. */
  async connect(from: Place, address: string, port: number): Promise<string> {
    const argv = [Deno.execPath(), "run", "--allow-net", "--no-check", CONNECT] as const;
    return (await this.#ask(from, [...argv, address, String(port)])).out;
  }

  /** A shell, or a command of the user, at this terminal. */
  async work(argv: readonly [string, ...string[]]): Promise<Ending> {
    const command = this.#machine.inside(this.#placed({ argv }));
    await using process = this.#runner.spawn(command, { stdio: "inherit" });
    return await process.ended;
  }

  async #ask(place: Place, argv: readonly [string, ...string[]]): Promise<Said> {
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
