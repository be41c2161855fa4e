import { fromFileUrl } from "@std/path";
import type { Ending } from "../../lib/proc/command.ts";
import { denoRunner } from "../../lib/proc/deno_runner.ts";

const MAIN = fromFileUrl(new URL("../../build/main.ts", import.meta.url));
const runner = denoRunner();

export interface ProcessResult {
  readonly ending: Ending;
  readonly out: string;
  readonly err: string;
}

/** `tower-build` in a process of its own. */
export interface TowerProcess extends AsyncDisposable {
  readonly ended: Promise<ProcessResult>;
  kill(signal: "SIGTERM" | "SIGKILL" | "SIGINT"): void;
}

/** The command that starts `tower-build` from this checkout. */
export function towerArgv(...args: readonly string[]): [string, ...string[]] {
  return [Deno.execPath(), "run", "--allow-all", "--cached-only", MAIN, ...args];
}

/** Variables for a `tower-build` that keeps everything below `home` but Deno's own cache. */
export function towerVariables(home: string): Record<string, string> {
  const deno = Deno.env.get("DENO_DIR") ?? `${userCache()}/deno`;
  return { HOME: home, XDG_CACHE_HOME: `${home}/cache`, DENO_DIR: deno, NO_COLOR: "1" };
}

/** Starts it with `home` as home and working directory; its cache is `home/cache/tower`. */
export function startTower(home: string, ...args: readonly string[]): TowerProcess {
  const child = runner.spawn({
    argv: towerArgv(...args),
    cwd: home,
    variables: towerVariables(home),
  });
  const text = (stream: ReadableStream<Uint8Array>) =>
    new Response(stream as ReadableStream<Uint8Array<ArrayBuffer>>).text();
  const ended = Promise.all([child.ended, text(child.stdout), text(child.stderr)])
    .then(([ending, out, err]) => ({ ending, out, err }));
  return {
    ended,
    kill: (signal) => child.kill(signal),
    [Symbol.asyncDispose]: () => child[Symbol.asyncDispose](),
  };
}

/** Runs it to its end. */
export async function runTower(home: string, ...args: readonly string[]): Promise<ProcessResult> {
  await using child = startTower(home, ...args);
  return await child.ended;
}

function userCache(): string {
  return Deno.env.get("XDG_CACHE_HOME") ?? `${Deno.env.get("HOME")}/.cache`;
}
