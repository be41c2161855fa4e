import { TowerError } from "../errors.ts";
import { hushed } from "./deno_terminal.ts";
import type { Keys, Typed } from "./keys.ts";
import { untilAborted } from "./until_aborted.ts";

/**
 * The keys of this program's terminal. Those that send signals go on to do so.
 * @throws {TowerError} `usage` where it is not this program's to change
 */
export function terminalKeys(signal: AbortSignal): Keys {
  const silence = hushed();
  if (silence === undefined) {
    throw new TowerError("usage", "Cannot ask on this terminal: it belongs to another program", {
      hint: "run the program in the foreground",
    });
  }
  const buffer = new Uint8Array(1024);
  let reading: Promise<Typed> | undefined;
  let resized = Promise.withResolvers<Typed>();
  const onResize = () => resized.resolve({ kind: "resized" });
  Deno.addSignalListener("SIGWINCH", onResize);
  const read = async (): Promise<Typed> => {
    const n = await Deno.stdin.read(buffer);
    return n === null ? { kind: "ended" } : { kind: "bytes", bytes: buffer.slice(0, n) };
  };
  return {
    async next(patience) {
      // A read that was begun goes on: what it takes would be lost otherwise.
      reading ??= read();
      const comes = [reading, resized.promise, ...patience === undefined ? [] : [quiet(patience)]];
      const typed = await untilAborted(Promise.race(comes), signal);
      if (typed.kind === "bytes") reading = undefined;
      if (typed.kind === "resized") resized = Promise.withResolvers<Typed>();
      return typed;
    },
    [Symbol.dispose]() {
      Deno.removeSignalListener("SIGWINCH", onResize);
      silence[Symbol.dispose]();
    },
  };
}

function quiet(milliseconds: number): Promise<Typed> {
  return new Promise((resolve) => setTimeout(() => resolve({ kind: "quiet" }), milliseconds));
}
