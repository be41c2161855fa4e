/** Where text goes: a terminal, a pipe, a string in a test. */
export interface TextSink {
  write(text: string): void;
}
