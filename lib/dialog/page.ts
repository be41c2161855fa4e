/** What was answered so far, by the fields' names. */
export type Values = Readonly<Record<string, string>>;

/** A page asks for one thing: one of a list, or what is typed into a few fields. */
export type Page = ListPage | TextPage;

interface AnyPage {
  readonly id: string;
  readonly title: string;
  /** What is asked, in whole sentences; each begins a line. */
  readonly says: readonly string[];
}

export interface ListPage extends AnyPage {
  readonly kind: "list";
  readonly options: readonly Option[];
}

export interface Option {
  readonly label: string;
  /** Stands beside the label. Both are what somebody may type to find it. */
  readonly note?: string;
  /** Told below the list while this one is marked. */
  readonly detail?: string;
  readonly then: Then;
}

/** What an option does. */
export type Then =
  | { readonly kind: "set"; readonly values: Values }
  /** Another page, and back from there. */
  | { readonly kind: "go"; readonly page: string }
  /** A word for whoever runs the dialog. */
  | { readonly kind: "do"; readonly word: string };

export interface TextPage extends AnyPage {
  readonly kind: "text";
  readonly fields: readonly TextField[];
}

export interface TextField {
  readonly name: string;
  readonly label: string;
  readonly isSecret?: true;
  /** What is wrong with an answer, as the end of "It "; undefined where nothing is. */
  fault(value: string, values: Values): string | undefined;
  /** Told beside it while it is typed. */
  remark?(value: string, values: Values): string | undefined;
}

/** The pages that there are, after what was answered. */
export type Pages = (values: Values) => readonly [Page, ...Page[]];

/** Whether an option is the answer that was given. */
export function isSet({ then }: Option, values: Values): boolean {
  return then.kind === "set" &&
    Object.entries(then.values).every(([name, value]) => values[name] === value);
}
