import { join } from "@std/path";
import type { Runner } from "../../../lib/proc/command.ts";

/** Programs that {@linkcode debianFolder} needs. */
export const DEBIAN_TOOLS = ["apt-get", "apt-cache", "dpkg-deb"] as const;

/** The package that a Debian metapackage stands for, such as the newest kernel. */
export async function debianDependency(
  runner: Runner,
  metapackage: string,
  pattern: RegExp,
): Promise<string> {
  const text = await outputOf(runner, "apt-cache", "depends", metapackage);
  const names = [...text.matchAll(/^ *Depends: (\S+)$/gm)].map((match) => match[1]!);
  const found = names.find((name) => pattern.test(name));
  if (!found) throw new Error(`${metapackage} depends on nothing like ${pattern}: ${text}`);
  return found;
}

/**
 * A folder with the files of a Debian package as `dpkg-deb -x` unpacks them. It stays in the
 * user's cache, named by the package's SHA-256, so a second call needs no network.
 */
export async function debianFolder(runner: Runner, name: string): Promise<string> {
  const uris = await outputOf(runner, "apt-get", "download", "--print-uris", name);
  const match = /^'[^']+' (\S+_\S+\.deb) \d+ SHA256:([0-9a-f]{64})$/m.exec(uris);
  if (!match) throw new Error(`apt-get names no file for ${name}: ${uris}`);
  const cache = join(cacheFolder(), "tower-test", "debian");
  const folder = join(cache, match[2]!);
  if (exists(folder)) return folder;
  Deno.mkdirSync(cache, { recursive: true });
  const work = Deno.makeTempDirSync({ dir: cache, prefix: "partial-" });
  try {
    await runner.run({ argv: ["apt-get", "download", "-q", name], cwd: work });
    const [deb] = [...Deno.readDirSync(work)].filter((entry) => entry.name.endsWith(".deb"));
    if (!deb) throw new Error(`apt-get did not download ${name}`);
    const tree = join(work, "tree");
    await runner.run({ argv: ["dpkg-deb", "-x", join(work, deb.name), tree] });
    try {
      Deno.renameSync(tree, folder);
    } catch (error) {
      if (!exists(folder)) throw error; // else another test was faster
    }
  } finally {
    Deno.removeSync(work, { recursive: true });
  }
  return folder;
}

function cacheFolder(): string {
  return Deno.env.get("XDG_CACHE_HOME") ?? join(Deno.env.get("HOME") ?? Deno.cwd(), ".cache");
}

function exists(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

async function outputOf(runner: Runner, ...argv: [string, ...string[]]): Promise<string> {
  const { stdout } = await runner.run({ argv });
  return new TextDecoder().decode(stdout);
}
