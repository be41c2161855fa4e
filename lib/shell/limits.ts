import { NotUnderstood } from "./host.ts";

/** Most commands that a script may run: what goes on for longer is no package script. */
const MAX_COMMANDS = 20_000;
/** Deepest nesting of commands that run, the functions they call included. */
const MAX_RUNNING = 200;
/** Deepest calls of functions. */
export const MAX_CALLS = 100;

/** Counts the commands of a script. */
export class Limits {
  #commands = 0;
  #running = 0;

  /** @throws {NotUnderstood} where there are too many. */
  enter(): void {
    if (++this.#commands > MAX_COMMANDS) throw new NotUnderstood("a script without an end");
    if (this.#running >= MAX_RUNNING) throw new NotUnderstood("commands nested too deeply");
    this.#running++;
  }

  leave(): void {
    this.#running--;
  }
}
