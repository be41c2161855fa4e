import { assertEquals } from "@std/assert";
import type { Wanted } from "../../../lib/apk/wanted.ts";
import { run } from "../../../build/root.ts";
import { type LabRepository, labRepository, type PackageSpec } from "../build/lab_repository.ts";
import { type TestEnv, testEnv, type TestEnvOptions } from "./test_env.ts";

/** What a run of the program left to see; its temporary folder is shown as `DIR`. */
export interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** `tower-build` in this process, in temporary folders that its runs share. */
export class TestProgram implements Disposable {
  readonly env: TestEnv;

  constructor(options: Omit<TestEnvOptions, "args"> = {}) {
    this.env = testEnv(options);
  }

  /** Runs it to its end. */
  async run(...args: string[]): Promise<Outcome> {
    const { out, err, dir } = this.env;
    const code = await run({ ...this.env, args });
    const shown = (text: string) => text.replaceAll(dir, "DIR");
    return {
      code,
      out: shown(this.env.out.slice(out.length)),
      err: shown(this.env.err.slice(err.length)),
    };
  }

  /** Runs it to its failure: the status, and the whole error as lines. */
  async fails(...args: string[]): Promise<{ code: number; error: string[] }> {
    const { code, out, err } = await this.run(...args);
    assertEquals(out, "", "a command that fails prints no result");
    const start = err.search(/^error: /m);
    return { code, error: start < 0 ? [] : err.slice(start).trimEnd().split("\n") };
  }

  /** A path as the program's working directory has it. */
  path(name: string): string {
    return `${this.env.cwd}/${name}`;
  }

  /** Writes a file into the working directory; returns its name. */
  write(name: string, text: string): string {
    const path = this.path(name);
    Deno.mkdirSync(path.slice(0, path.lastIndexOf("/")), { recursive: true });
    Deno.writeTextFileSync(path, text);
    return name;
  }

  /** A small signed repository in the folder `repository`. */
  repository(packages?: readonly PackageSpec[]): LabRepository {
    return labRepository(this.path("repository"), packages);
  }

  [Symbol.dispose](): void {
    this.env[Symbol.dispose]();
  }
}

/** What {@linkcode smallManifest} may say otherwise. */
export interface ManifestOptions {
  readonly world?: readonly Wanted[];
  /** Stages after the packages. */
  readonly stages?: readonly unknown[];
  readonly outputs?: readonly unknown[];
}

/** A manifest that builds from a repository (JSON is YAML). */
export function smallManifest(repository: string, options: ManifestOptions = {}): string {
  const { world = ["hello"], stages = [] } = options;
  return JSON.stringify({
    name: "small",
    arches: ["x86_64"],
    repositories: [repository],
    stages: [{ kind: "packages", world }, ...stages],
    outputs: options.outputs ?? [{ kind: "tar", file: "small.tar" }],
  });
}
