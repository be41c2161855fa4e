/** A command that ends with a status other than 0, as the real program would. */
export class CommandFailure extends Error {
  override readonly name = "CommandFailure";
}

/** Something that was reached and that nobody here does as the shell would. */
export class NotUnderstood extends Error {
  override readonly name = "NotUnderstood";
}

/** What a command reads and writes. */
export interface Io {
  /**
   * All of standard input, where the script redirects it; undefined: nobody types anything.
   * @throws {NotUnderstood} when somebody has read of it before.
   */
  readonly input: () => string | undefined;
  /** Takes what the command prints. */
  readonly out: (text: string) => void;
}

/**
 * The system under a shell: its files and its programs. Paths are as the script spells them, and
 * the working directory is the root. Each method throws {@linkcode NotUnderstood} for what it
 * cannot answer as the real system would.
 */
export interface ShellHost {
  /**
   * Runs a program or a builtin that needs files, such as `test`.
   * @returns Its exit status.
   * @throws {CommandFailure} where it prints an error and ends with status 1.
   */
  run(argv: readonly [string, ...string[]], io: Io): number;
  /** What a file holds. @throws {CommandFailure} where there is none. */
  read(path: string): string;
  /** Replaces or extends a file. @throws {CommandFailure} where it cannot be. */
  write(path: string, text: string, append: boolean): void;
  /** Whether anything is there; a last link is not followed. */
  exists(path: string): boolean;
  /** Names in a directory; undefined where there is none. */
  names(directory: string): readonly string[] | undefined;
  /** The path of a program by PATH. */
  which(name: string): string | undefined;
}
