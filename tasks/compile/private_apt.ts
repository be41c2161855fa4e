import { join } from "@std/path";
import { messagesOf, printable, TowerError } from "../../lib/errors.ts";
import { compareBytes } from "../../lib/bytes/bytes.ts";
import type { Runner } from "../../lib/proc/command.ts";
import { exists, makeDir, writeFileAtomic } from "../../lib/files/files.ts";

/** Downloads of Debian packages for any machine. */
export interface PrivateApt {
  /** Downloads packages into a folder that exists. */
  download(packages: readonly string[], into: string): Promise<void>;
  /** Names of what a package depends on, such as the kernel that a metapackage stands for. */
  dependenciesOf(name: string): Promise<string[]>;
}

/** Suites beside a release's own, such as bookworm-security. */
const UPDATES = / \S+-(?:security|updates) /;
const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";

/**
 * An apt with lists and settings of its own: neither the machine's list of architectures nor its
 * package lists change, and no root is needed. Packages are checked by Debian's keys as always.
 *
 * @param architecture As Debian calls it, such as `arm64`.
 * @param folder Where its lists stay between runs.
 * @param release A release such as `trixie`, where it shall not be the machine's own.
 * @throws {TowerError} `tool` where the machine has no apt with Debian's repositories.
 */
export async function openPrivateApt(
  { architecture, folder, release, runner }: {
    readonly architecture: string;
    readonly folder: string;
    readonly release?: string;
    readonly runner: Runner;
  },
): Promise<PrivateApt> {
  const variables = await openPrivateLists({
    architecture,
    folder,
    runner,
    ...(release === undefined ? {} : { release }),
  });
  return {
    async download(packages, into) {
      await runner.run({
        argv: ["apt-get", "download", "-qq", ...packages],
        cwd: into,
        variables,
      });
    },
    async dependenciesOf(name) {
      const { stdout } = await runner.run({ argv: ["apt-cache", "depends", name], variables });
      const lines = new TextDecoder().decode(stdout).matchAll(/^ *Depends: (\S+)$/gm);
      return Array.from(lines, (match) => match[1]!);
    },
  };
}

/**
 * Fetches package lists for {@linkcode openPrivateApt} and its like.
 *
 * @param components More of Debian's components than `main`. One that a repository does not have
 * is left out.
 * @param warn Is told when the updates of a release are left out, as their lists cannot be
 * verified. Without it that is an error.
 * @returns The variables that make apt's programs use them.
 * @throws {TowerError} `tool` where the machine has no apt with Debian's repositories.
 */
export async function openPrivateLists(
  { architecture, folder, release, components = [], runner, warn }: {
    readonly architecture: string;
    readonly folder: string;
    readonly release?: string;
    readonly components?: readonly string[];
    readonly runner: Runner;
    readonly warn?: (message: string) => void;
  },
): Promise<Readonly<Record<string, string>>> {
  const sources = await debianSources(runner, release, components);
  const update = async (sources: readonly string[]) => {
    const variables = { APT_CONFIG: await configure(architecture, folder, sources, runner) };
    await runner.run({ argv: ["apt-get", "update", "-qq"], variables });
    return variables;
  };
  try {
    return await update(sources);
  } catch (cause) {
    const released = sources.filter((line) => !UPDATES.test(line));
    if (warn === undefined || released.length === 0 || released.length === sources.length) {
      throw cause;
    }
    // Mirrors copy the updates' indexes and their signatures one after the other.
    const variables = await update(released);
    warn(
      `the packages for ${architecture} are those of the release, without its updates, whose ` +
        `index could not be had or does not match its signature: ${
          printable(messagesOf(cause).join(" "))
        }`,
    );
    return variables;
  }
}

/** Writes a configuration that is read before the machine's own (apt.conf(5)); gives its path. */
async function configure(
  architecture: string,
  folder: string,
  sources: readonly string[],
  runner: Runner,
): Promise<string> {
  const at = (name: string) => join(folder, name);
  for (const made of ["state/lists/partial", "cache/archives/partial", "no-parts"]) {
    makeDir(at(made));
  }
  const write = (file: string, text: string) =>
    writeFileAtomic(at(file), new TextEncoder().encode(text));
  write("sources.list", sources.join(""));
  write("status", "");
  const settings = {
    "Dir::State": at("state"),
    "Dir::State::status": at("status"),
    "Dir::Cache": at("cache"),
    "Dir::Etc::sourcelist": at("sources.list"),
    "Dir::Etc::sourceparts": at("no-parts"),
    // The machine's own hooks would touch its caches.
    "Dir::Etc::parts": at("no-parts"),
    "Dir::Etc::main": "/dev/null",
    "APT::Architecture": architecture,
    "APT::Architectures": architecture,
    "APT::Sandbox::User": "root",
    "Acquire::Languages": "none",
  };
  const lines = Object.entries(settings).map(([key, value]) => `${key} "${value}";`);
  write("apt.conf", [...lines, ...await networkSettings(runner), ""].join("\n"));
  return at("apt.conf");
}

/** How the machine's apt reaches its servers: proxies and the like. */
async function networkSettings(runner: Runner): Promise<string[]> {
  const { stdout } = await runner.run({ argv: ["apt-config", "dump", "--no-empty"] });
  return new TextDecoder().decode(stdout).split("\n").filter((l) => /^Acquire::https?::/.test(l));
}

/** The Debian repositories that the machine's apt knows, as lines of sources.list(5). */
async function debianSources(
  runner: Runner,
  release: string | undefined,
  components: readonly string[],
): Promise<string[]> {
  if (!["apt-get", "dpkg-deb"].every((program) => runner.which(program))) {
    throw new TowerError("tool", "Cannot get Debian's packages: no apt-get on this machine", {
      hint: "programs are compiled on Debian or in a container of it",
    });
  }
  const { stdout } = await runner.run({
    argv: [
      ...["apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE) $(COMPONENT)"] as const,
      ...["Created-By: Packages", "Origin: Debian", "Component: main"],
    ],
  });
  const rows = new TextDecoder().decode(stdout).split("\n").filter((line) => line !== "");
  const lines = release === undefined
    ? rows
    // The updates' suites lie in places of their own.
    : rows.filter((row) => !/ \S+-\S+ /.test(row)).map((row) =>
      row.replace(/ \S+ /, ` ${release} `)
    );
  if (lines.length === 0) {
    throw new TowerError(
      "tool",
      "Cannot get Debian's packages: apt knows no repository of Debian",
      {
        hint: "run: sudo apt-get update",
      },
    );
  }
  const signed = exists(KEYRING) ? `[signed-by=${KEYRING}] ` : "";
  const more = components.map((component) => ` ${component}`).join("");
  return [...new Set(lines)].sort(compareBytes).map((row) => `deb ${signed}${row}${more}\n`);
}
