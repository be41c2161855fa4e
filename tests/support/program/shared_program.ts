import { fromFileUrl, join } from "@std/path";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { removeTree } from "../../../lib/files/files.ts";

const PROJECT = fromFileUrl(new URL("../../..", import.meta.url));
const runner = denoRunner();

/**
 * The program where any user of this machine can run it: Deno, its cache of npm packages and the
 * sources, copied below the temporary folder. Checkouts and caches often lie in private homes.
 */
export class SharedProgram implements Disposable {
  private constructor(readonly folder: string) {}

  static async make(): Promise<SharedProgram> {
    const folder = Deno.makeTempDirSync({ prefix: "tower-shared-" });
    Deno.chmodSync(folder, 0o755);
    const shared = new SharedProgram(folder);
    Deno.mkdirSync(`${folder}/project`);
    for (const name of ["build", "lib", "deno.json", "deno.lock"]) {
      await shared.copy(join(PROJECT, name), `project/${name}`);
    }
    Deno.mkdirSync(`${folder}/cache`);
    await shared.copy(join(await npmFolder(), "npm"), "cache/npm");
    await shared.copy(Deno.execPath(), "deno");
    return shared;
  }

  /** Copies a file or folder into this one, readable for all; returns its path. */
  async copy(from: string, name: string): Promise<string> {
    const to = join(this.folder, name);
    await runner.run({ argv: ["cp", "-RL", from, to] });
    await runner.run({ argv: ["chmod", "-R", "a+rX,u+w", to] });
    return to;
  }

  /** An empty folder that every user can write to. */
  writable(name: string): string {
    const path = join(this.folder, name);
    Deno.mkdirSync(path);
    Deno.chmodSync(path, 0o1777);
    return path;
  }

  /** How to start `tower-build`. */
  argv(...args: readonly string[]): [string, ...string[]] {
    const main = join(this.folder, "project/build/main.ts");
    return [join(this.folder, "deno"), "run", "--allow-all", "--cached-only", main, ...args];
  }

  /** What its environment must say, beside a HOME. */
  get variables(): Record<string, string> {
    return { DENO_DIR: join(this.folder, "cache"), DENO_NO_UPDATE_CHECK: "1", NO_COLOR: "1" };
  }

  [Symbol.dispose](): void {
    removeTree(this.folder);
  }
}

async function npmFolder(): Promise<string> {
  const { stdout } = await runner.run({
    argv: [Deno.execPath(), "info", "--json"],
    variables: Deno.env.has("DENO_DIR") ? { DENO_DIR: Deno.env.get("DENO_DIR")! } : {},
  });
  return JSON.parse(new TextDecoder().decode(stdout)).denoDir;
}
