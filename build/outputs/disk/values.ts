/** Values of a partition by name. */
export type Values = Readonly<Record<string, string>>;

/** `{uuid:root}`: a value of a partition. */
export interface Reference {
  readonly text: string;
  readonly value: string;
  readonly partition: string;
}

/** Turns references in a text into the values that they name. */
export type FillIn = (text: string) => string;

const REFERENCE = /\{([a-z][a-z0-9-]*):([^{}\s]+)\}/g;

/** The references in a text. */
export function referencesIn(text: string): readonly Reference[] {
  return [...text.matchAll(REFERENCE)].map(([text, value, partition]) => ({
    ...{ text, value: value!, partition: partition! },
  }));
}

/** A text with the values of partitions filled in; a reference to none stays. */
export function fillIn(
  text: string,
  valueOf: (reference: Reference) => string | undefined,
): string {
  return text.replaceAll(
    REFERENCE,
    (text, value, partition) => valueOf({ text, value, partition }) ?? text,
  );
}
