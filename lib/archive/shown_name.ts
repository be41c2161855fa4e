import { printable } from "../errors.ts";

/** Most characters of a name that a message shows. */
const MOST = 200;

/** A name of an archive as a message quotes it: one line, whatever it holds. */
export function shownName(name: string): string {
  const part = name.length > MOST ? `${name.slice(0, MOST)}…` : name;
  return printable(part).replaceAll("\n", "\\x0a");
}
