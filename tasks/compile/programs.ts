import type { Env } from "../../lib/env.ts";

/** A program that becomes one file. Paths are relative to the project. */
export interface Program {
  readonly name: string;
  readonly description: string;
  /** The main module. */
  readonly main: string;
  /** Modules that are started as workers, by the name that they are looked for under. */
  readonly workers: Readonly<Record<string, string>>;
}

/** A program of the project. */
export interface ProjectProgram extends Program {
  /** The module that its help is embedded in. */
  readonly help: string;
  /** Runs it from the sources. */
  readonly run: (env: Env) => Promise<number>;
}

export const PROGRAMS: readonly ProjectProgram[] = [
  {
    name: "tower",
    description: "Run a tower of computers from a thin client",
    main: "cli/main.ts",
    help: "cli/embedded_help.ts",
    run: async (env) => await (await import("../../cli/root.ts")).run(env),
    workers: {},
  },
  {
    name: "tower-build",
    description: "Turn a YAML manifest into bootable Alpine-based media",
    main: "build/main.ts",
    help: "build/embedded_help.ts",
    run: async (env) => await (await import("../../build/root.ts")).run(env),
    workers: {
      "block_worker.ts": "lib/disk/block_worker.ts",
      "digest_worker.ts": "lib/files/digest_worker.ts",
      "package_worker.ts": "lib/packages/package_worker.ts",
      "zstd_worker.ts": "lib/disk/zstd_worker.ts",
    },
  },
];
