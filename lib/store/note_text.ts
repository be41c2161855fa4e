import type { Digest } from "../brand.ts";
import { digestOf } from "../bytes/digest.ts";

/** What a note is about: such as ("package", its identity). */
export interface NoteName {
  readonly kind: string;
  readonly name: string;
}

/**
 * A note as text: a line with a digest, then JSON. Nobody else has a digest of a note, so it
 * carries its own, which covers its name: neither changed bytes nor another's note pass for it.
 */
export function formatNote(note: NoteName, value: unknown): string {
  const json = JSON.stringify(value);
  return `${digestOfNote(note, json)}\n${json}\n`;
}

/** The value of a note; undefined when it is not what was written under its name. */
export function parseNote(note: NoteName, text: string): { value: unknown } | undefined {
  const end = text.indexOf("\n");
  const json = text.slice(end + 1, -1);
  if (!text.endsWith("\n") || text.slice(0, end) !== digestOfNote(note, json)) return undefined;
  return { value: JSON.parse(json) };
}

function digestOfNote({ kind, name }: NoteName, json: string): Digest {
  return digestOf(`${kind}\0${name}\0${json}`);
}
