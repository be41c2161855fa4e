import { NotUnderstood } from "./host.ts";

/** Most commands that a script may run: what goes on for longer is no package script. */
const MAX_COMMANDS = 20_000;
/** Deepest nesting of commands that run, the functions they call included. */
const MAX_RUNNING = 200;
/** Deepest calls of functions. */
export const MAX_CALLS = 100;

/** Most characters that are compared with patterns, and names that are looked at for them. */
const MAX_WORK = 50_000_000;

/** Counts the commands of a script, and what its words cost. */
export class Limits {
  #commands = 0;
  #work = 0;
  #running = 0;

  /** @throws {NotUnderstood} where there are too many. */
  enter(): void {
    if (++this.#commands > MAX_COMMANDS) throw new NotUnderstood("a script without an end");
    if (this.#running >= MAX_RUNNING) throw new NotUnderstood("commands nested too deeply");
    this.#running++;
  }

  /** Tells what is about to be done, in characters. @throws {NotUnderstood} */
  spend(work: number): void {
    this.#work += work;
    if (this.#work > MAX_WORK) throw new NotUnderstood("patterns without an end");
  }

  leave(): void {
    this.#running--;
  }
}
