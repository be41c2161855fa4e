/** Values of a partition by name. */
export type Values = Readonly<Record<string, string>>;

/** Turns references to values of partitions in a text into these. */
export type FillIn = (text: string) => string;
