/** Where text goes: a terminal, a pipe, a string in a test. */
export interface TextSink {
  write(text: string): void;
  /** Whether nobody reads any longer: more work for the text's sake is in vain. */
  readonly isClosed?: boolean;
}
