/** `{uuid:root}`: a value of something that has a name. */
export interface Reference {
  readonly text: string;
  readonly value: string;
  /** Name of what has it. */
  readonly of: string;
}

const REFERENCE = /\{([a-z][a-z0-9-]*):([^{}\s]+)\}/g;

/** The references in a text. */
export function referencesIn(text: string): readonly Reference[] {
  return [...text.matchAll(REFERENCE)].map(([text, value, of]) => ({
    ...{ text, value: value!, of: of! },
  }));
}

/** A text with values filled in; a reference to none stays. */
export function fillIn(
  text: string,
  valueOf: (reference: Reference) => string | undefined,
): string {
  return text.replaceAll(REFERENCE, (text, value, of) => valueOf({ text, value, of }) ?? text);
}
