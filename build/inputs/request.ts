/** What a user asks of a build. Everything else is the manifest's to say. */
export interface BuildRequest {
  /** A system's name, or the path of a manifest. */
  readonly system: string;
  readonly arch: string | undefined;
  /** Repositories instead of the manifest's. */
  readonly repositories: readonly string[] | undefined;
  readonly keysFolder: string | undefined;
  readonly lockFile: string | undefined;
  /** The lock must be there and fit. */
  readonly frozen: boolean;
  readonly offline: boolean;
  /** Seconds until a repository that sends nothing is given up. */
  readonly timeout?: number | undefined;
  readonly output: string | undefined;
  /** Packages unpacked at once. */
  readonly jobs: number;
}
