import { fromFileUrl } from "@std/path";
import type { Ending } from "../../../lib/proc/command.ts";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { V8_FLAGS } from "../../../tasks/compile/start.ts";

const MAIN = fromFileUrl(new URL("../../../build/main.ts", import.meta.url));
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
  return [Deno.execPath(), "run", V8_FLAGS, "--allow-all", "--cached-only", MAIN, ...args];
}

/** Variables for a `tower-build` that keeps everything below `home` but Deno's own cache. */
export function towerVariables(home: string): Record<string, string> {
  const deno = Deno.env.get("DENO_DIR") ?? `${userCache()}/deno`;
  return { HOME: home, XDG_CACHE_HOME: `${home}/cache`, DENO_DIR: deno, NO_COLOR: "1" };
}

/** Starts it with `home` as home and working directory; its cache is `home/cache/tower`. */
export function startTower(home: string, ...args: readonly string[]): TowerProcess {
  return spawnIn(home, towerArgv(...args));
}

function spawnIn(home: string, argv: [string, ...string[]]): TowerProcess {
  const child = runner.spawn({
    argv,
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

/** Runs it to its end; also the seconds that processors worked for it, however long it waited. */
export async function timedTower(
  home: string,
  ...args: readonly string[]
): Promise<ProcessResult & { readonly seconds: number }> {
  const times = `${home}/times`;
  await using child = spawnIn(home, ["sh", "-c", TIMED, times, ...towerArgv(...args)]);
  const result = await child.ended;
  const [, children = ""] = Deno.readTextFileSync(times).split("\n");
  Deno.removeSync(times);
  const parts = [...children.matchAll(/(\d+)m([\d.]+)s/g)];
  const seconds = parts.reduce((sum, [, m, s]) => sum + 60 * Number(m) + Number(s), 0);
  return { ...result, seconds };
}

/** `$0` is a file for what times(1) says. */
const TIMED = '"$@"; code=$?; times >"$0"; exit $code';

function userCache(): string {
  return Deno.env.get("XDG_CACHE_HOME") ?? `${Deno.env.get("HOME")}/.cache`;
}
