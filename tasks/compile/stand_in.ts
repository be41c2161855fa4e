import { join } from "@std/path";
import { TowerError } from "../../lib/errors.ts";
import { digestOf, hexOf } from "../../lib/format/digest.ts";
import type { Runner } from "../../lib/proc/command.ts";
import { hashFile } from "../../lib/store/artifact_file.ts";
import {
  exists,
  makeDir,
  readBytes,
  removeTree,
  tempDir,
  writeFileAtomic,
} from "../../lib/store/files.ts";
import { networkVariables } from "./network_variables.ts";

/** An older `denort` and the `deno` that fits it, as files. */
export interface StandIn {
  readonly denort: string;
  readonly deno: string;
  readonly version: string;
}

/** The version of both, for x86_64 alone. */
export const STAND_IN_VERSION = "2.4.2";

/**
 * Stands before the modules that the stand-in runs, for what it lacks and the programs use: it
 * waits for a lock where a newer Deno only tries.
 */
export const STAND_IN_PRELUDE =
  "Deno.FsFile.prototype.tryLockSync ??= function (e) { this.lockSync(e); return true; };\n";

/**
 * No package holds `denort` itself, but one holds programs that `deno compile` made of it: what
 * stands before the appended data is `denort` verbatim. All is pinned by SHA-256.
 */
const DENORT = {
  package: "@vltpkg/cli-linux-x64@0.0.0-18",
  file: "package/vlt",
  size: 85_186_368,
  sha256: "2705685d7478610b98dcd43acecd457a19810146323041c8af8a88f7dd0b5e82",
} as const;
const DENO = {
  package: `@deno/linux-x64-glibc@${STAND_IN_VERSION}`,
  file: "package/deno",
  size: undefined,
  sha256: "1d6580e813252f6b27a41d97d2e3725a408baa2e765a86e45f65b228d3e93ad6",
} as const;

/**
 * Gets the stand-in through npm, once: it stays in the folder.
 *
 * @throws {TowerError} `tool` without npm or its registry, `untrusted` when a file is another.
 */
export async function fetchStandIn(folder: string, runner: Runner): Promise<StandIn> {
  makeDir(folder);
  return {
    denort: await fetchFile(DENORT, join(folder, `denort-${STAND_IN_VERSION}`), runner),
    deno: await fetchFile(DENO, join(folder, `deno-${STAND_IN_VERSION}`), runner),
    version: STAND_IN_VERSION,
  };
}

interface PinnedFile {
  readonly package: string;
  readonly file: string;
  /** Bytes to take from its start; all where undefined. */
  readonly size: number | undefined;
  readonly sha256: string;
}

async function fetchFile(pinned: PinnedFile, path: string, runner: Runner): Promise<string> {
  if (exists(path) && hexOf(hashFile(path)) === pinned.sha256) return path;
  if (runner.which("npm") === undefined) {
    throw new TowerError("tool", `Cannot get "${pinned.package}": no npm`);
  }
  using work = tempDir();
  const options = ["--silent", "--ignore-scripts", "--pack-destination", work.path];
  const packed = await runner.run({
    argv: ["npm", "pack", ...options, pinned.package],
    variables: networkVariables(),
  });
  const archive = new TextDecoder().decode(packed.stdout).trim().split("\n").at(-1)!;
  await runner.run({ argv: ["tar", "-xzf", archive, pinned.file], cwd: work.path });
  const bytes = readBytes(join(work.path, pinned.file), 256 << 20).subarray(0, pinned.size);
  if (hexOf(digestOf(bytes)) !== pinned.sha256) {
    throw new TowerError("untrusted", `Cannot use "${pinned.package}": it is not the file pinned`);
  }
  removeTree(path);
  writeFileAtomic(path, bytes, 0o755);
  return path;
}
