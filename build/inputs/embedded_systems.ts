/**
 * The files of `build/systems` by path, in a program that is one file: `deno task compile` puts
 * them here in its copy of the sources. Run from its sources, a program reads the folder.
 */
export const EMBEDDED_SYSTEMS: Readonly<Record<string, string>> | undefined = undefined;
