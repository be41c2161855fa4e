/**
 * What `tower --help` prints, by the width of the terminal, in a program that is one file:
 * `deno task compile` puts it here in its copy of the sources.
 */
export const EMBEDDED_HELP: Readonly<Record<number, string>> | undefined = undefined;
