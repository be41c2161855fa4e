/** A program that becomes one file. Paths are relative to the project. */
export interface Program {
  readonly name: string;
  readonly description: string;
  /** The main module. What is bundled from it lies in the main module's folder. */
  readonly main: string;
  /** Modules that are started as workers, by the name that is looked for beside the bundle. */
  readonly workers: Readonly<Record<string, string>>;
  /** Files and folders that are read at run time, beside the bundle. */
  readonly includes: readonly string[];
  /** Paths that the bundle names and does not read when it is one file. */
  readonly unread: readonly string[];
  /** Flags of deno(1); what is not allowed here fails, it never asks. */
  readonly permissions: readonly string[];
}

/** No program loads native code (--allow-ffi) or other programs' modules (--allow-import). */
const PERMISSIONS = [
  "--allow-read",
  "--allow-write",
  "--allow-net",
  "--allow-run",
  "--allow-env",
  "--allow-sys",
  "--no-prompt",
] as const;

export const PROGRAMS: readonly Program[] = [
  {
    name: "tower",
    description: "Run a tower of computers from a thin client",
    main: "cli/main.ts",
    workers: {},
    includes: [],
    unread: [],
    permissions: PERMISSIONS,
  },
  {
    name: "tower-build",
    description: "Turn a YAML manifest into bootable Alpine-based media",
    main: "build/main.ts",
    workers: {
      "digest_worker.ts": "lib/store/digest_worker.ts",
      "package_worker.ts": "lib/store/package_worker.ts",
    },
    includes: ["build/systems"],
    unread: [],
    permissions: PERMISSIONS,
  },
];
