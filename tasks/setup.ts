import { Command } from "@commander-js/extra-typings";
import type { Env } from "../lib/env.ts";
import { formatError, TowerError } from "../lib/errors.ts";
import type { Runner } from "../lib/proc/command.ts";
import {
  absentTools,
  installCommand,
  type Packager,
  TOOL_NAMES,
  type ToolName,
} from "./setup/tools.ts";
import { runTask, toldIn } from "./task.ts";

/** What this machine is, as far as tools go. */
export interface Machine {
  readonly runner: Runner;
  readonly isRoot: boolean;
  fileExists(path: string): boolean;
  /** Milliseconds since apt's package lists were fetched; Infinity where there are none. */
  packageListsAge(): number;
  /** Tells the user of a failure that ends nothing. */
  say(line: string): void;
  /** Does what takes a while, and tells the user so. */
  during(title: string, work: () => Promise<unknown>): Promise<unknown>;
}

/**
 * Installs the tools that are missing with the machine's own package manager. Quick, and without
 * a look at the network, when nothing is missing.
 *
 * @returns The tools that were installed.
 * @throws {TowerError} `tool` with one line to copy where this user may not install, or where the
 * machine has a package manager that is not known here.
 */
export async function setup(needs: readonly ToolName[], machine: Machine): Promise<ToolName[]> {
  const { runner, isRoot } = machine;
  const isThere = (place: string) =>
    place.startsWith("/") ? machine.fileExists(place) : runner.which(place) !== undefined;
  const absent = absentTools(needs, isThere);
  if (absent.length === 0) return [];
  const packager = packagerOf(runner);
  if (packager === undefined) {
    throw new TowerError("tool", `Cannot go on without ${absent.join(", ")}`, {
      hint: "install them; only Debian's and Alpine's package managers are known here",
    });
  }
  const line = installCommand(packager, absent);
  if (!isRoot) {
    throw new TowerError("tool", `Cannot go on without ${absent.join(", ")}`, {
      hint: `run: sudo ${line.join(" ")}`,
    });
  }
  const variables = { DEBIAN_FRONTEND: "noninteractive" };
  await refreshPackageLists(machine);
  const title = `Installing ${absent.join(", ")}: ${line.join(" ")}`;
  await machine.during(title, () => runner.run({ argv: line, variables }));
  const still = absentTools(absent, isThere);
  if (still.length === 0) return absent;
  throw new TowerError("tool", `Cannot find ${still.join(", ")}, though packages were installed`);
}

function packagerOf(runner: Runner): Packager | undefined {
  if (runner.which("apt-get")) return "apt";
  return runner.which("apk") ? "apk" : undefined;
}

/** Debian removes packages that a newer one replaced: older lists name files that are gone. */
const LISTS_ARE_OLD = 24 * 3600 * 1000;

/**
 * Fetches Debian's package lists where they are missing or old, if this user may. A failure is only
 * told: what needs a package that old lists lack says so itself.
 */
export async function refreshPackageLists(machine: Machine): Promise<void> {
  const { runner, isRoot } = machine;
  if (!isRoot || packagerOf(runner) !== "apt" || machine.packageListsAge() < LISTS_ARE_OLD) return;
  try {
    const update = () => runner.run({ argv: ["apt-get", "update", "-qq"] });
    await machine.during("Fetching package lists: apt-get update", update);
  } catch (error) {
    machine.say(formatError(error));
  }
}

const APT_LISTS = "/var/lib/apt/lists";

/** This machine. */
export function thisMachine(env: Env): Machine {
  return {
    runner: env.runner,
    isRoot: Deno.uid() === 0,
    say: (line) => env.stderr.write(`${line}\n`),
    during: (title, work) => toldIn(env, title, work),
    packageListsAge() {
      try {
        const names = [...Deno.readDirSync(APT_LISTS)].map((e) => e.name);
        if (!names.some((name) => name.endsWith("_InRelease"))) return Infinity;
        return Date.now() - (Deno.statSync(APT_LISTS).mtime?.getTime() ?? 0);
      } catch {
        return Infinity;
      }
    },
    fileExists(path) {
      try {
        return Deno.statSync(path).isFile;
      } catch {
        return false;
      }
    },
  };
}

/** `deno task setup`: what the tests and tasks need of this machine. */
export function setupTask(env: Env) {
  return new Command("deno task setup")
    .description("Install the programs that tests and tasks run, with apt-get or apk.")
    .action(async () => {
      const installed = await setup(TOOL_NAMES, thisMachine(env));
      env.notes.write(
        installed.length === 0 ? "Nothing is missing\n" : `Installed ${installed.join(", ")}\n`,
      );
    });
}

if (import.meta.main) await runTask(setupTask);
