import { unzipSync } from "fflate";
import { join } from "@std/path";
import { TowerError } from "../../lib/errors.ts";
import type { Runner } from "../../lib/proc/command.ts";
import { exists, readBytes, tempDir, writeFileAtomic } from "../../lib/store/files.ts";
import type { Machine } from "./elf_layout.ts";
import { assertPackable } from "./pack.ts";
import { fetchStandIn, STAND_IN_VERSION } from "./stand_in.ts";
import { networkVariables } from "./network_variables.ts";

/** The runtime that compiled programs begin with, and the compiler that fits it. */
export interface Denort {
  readonly bytes: Uint8Array;
  readonly version: string;
  /** `stand-in`: an older version that tests make do with. No release is made of it. */
  readonly origin: "DENORT_BIN" | "download" | "stand-in";
  /** Path of the `deno` of the same version. */
  readonly deno: string;
}

/** Where to look. */
export interface DenortContext {
  readonly runner: Runner;
  /** The `deno` that runs, and its version. */
  readonly deno: string;
  readonly version: string;
  /** Value of DENORT_BIN. */
  readonly given: string | undefined;
  /** Folder that the stand-in stays in. */
  readonly cacheDir: string;
  readonly say: (line: string) => void;
}

const LIMIT = 512 << 20;

/**
 * Finds `denort` for a machine: DENORT_BIN, then Deno's own download or cache, then the stand-in.
 * Each is said. A file that is named and does not fit is an error: nothing takes its place.
 *
 * @throws {TowerError} `not-found` where there is none; `unsupported` for another version.
 */
export async function findDenort(machine: Machine, context: DenortContext): Promise<Denort> {
  const { given, say } = context;
  if (given !== undefined) {
    say(`denort for ${machine}: "${given}", as DENORT_BIN says`);
    return givenDenort(given, machine, context);
  }
  say(`denort for ${machine}: DENORT_BIN is not set, asking Deno ${context.version} for its own`);
  const own = await ownDenort(machine, context);
  if (typeof own !== "string") return own;
  if (machine !== "x86_64") {
    throw new TowerError("not-found", `Cannot find denort for ${machine}: ${own}`, {
      hint: `name a file by DENORT_BIN; the stand-in that tests use is for x86_64 alone`,
    });
  }
  say(`denort for ${machine}: ${own}; taking the stand-in ${STAND_IN_VERSION}, for tests only`);
  const standIn = await fetchStandIn(join(context.cacheDir, "stand-in"), context.runner);
  return { ...standIn, bytes: readBytes(standIn.denort, LIMIT), origin: "stand-in" };
}

function givenDenort(path: string, machine: Machine, context: DenortContext): Denort {
  const bytes = readBytes(path, LIMIT);
  const { version, deno } = context;
  try {
    assertPackable(bytes, machine);
  } catch (cause) {
    if (!(cause instanceof TowerError)) throw cause;
    throw new TowerError(cause.code, `Cannot use "${path}" as denort for ${machine}`, { cause });
  }
  assertVersion(bytes, version, path);
  return { bytes, version, deno, origin: "DENORT_BIN" };
}

/**
 * Programs made by one version of Deno are not understood by the runtime of another.
 *
 * @throws {TowerError} `unsupported` for another version, `malformed` for no denort at all.
 */
function assertVersion(bytes: Uint8Array, version: string, path: string): void {
  // The user agent of its own fetch().
  const text = new TextEncoder().encode(`Deno/${version}`);
  if (indexOf(bytes, text) >= 0) return;
  const other = /Deno\/(\d+\.\d+\.\d+)/.exec(new TextDecoder("latin1").decode(bytes))?.[1];
  if (other === undefined) {
    throw new TowerError("malformed", `Cannot use "${path}": it is not a denort`);
  }
  throw new TowerError(
    "unsupported",
    `Cannot use "${path}": it is denort ${other}, and this is Deno ${version}`,
    { hint: `use the denort of Deno ${version}, or run this with Deno ${other}` },
  );
}

function indexOf(bytes: Uint8Array, part: Uint8Array): number {
  for (let at = bytes.indexOf(part[0]!); at >= 0; at = bytes.indexOf(part[0]!, at + 1)) {
    if (part.every((byte, i) => bytes[at + i] === byte)) return at;
  }
  return -1;
}

/** Lets Deno fetch its own denort by compiling an empty program; else why it cannot. */
async function ownDenort(machine: Machine, context: DenortContext): Promise<Denort | string> {
  const { runner, deno, version } = context;
  const target = `${machine}-unknown-linux-gnu`;
  const info = await runner.run({ argv: [deno, "info", "--json"], variables: networkVariables() });
  const { denoDir } = JSON.parse(new TextDecoder().decode(info.stdout)) as { denoDir: string };
  const archive = join(denoDir, "dl", "release", `v${version}`, `denort-${target}.zip`);
  if (!exists(archive)) {
    using work = tempDir();
    const empty = join(work.path, "empty.js");
    writeFileAtomic(empty, new Uint8Array());
    const argv = [deno, "compile", "--quiet", "--no-config", "--target", target] as const;
    try {
      await runner.run({
        argv: [...argv, "--output", join(work.path, "empty"), empty],
        variables: networkVariables(),
      }, { signal: AbortSignal.timeout(300_000) });
    } catch (error) {
      if (!(error instanceof TowerError)) throw error;
      return `Deno could not download it (${reasonOf(error)})`;
    }
    if (!exists(archive)) return `Deno put it elsewhere than "${archive}"`;
  }
  const bytes = unzipSync(readBytes(archive, LIMIT))["denort"];
  if (!bytes) return `"${archive}" holds no denort`;
  return { bytes, version, deno, origin: "download" };
}

function reasonOf(error: TowerError): string {
  const lines = error.message.split("\n").map((line) => line.trim());
  return lines.findLast((line) => /^\d+: /.test(line))?.replace(/^\d+: /, "") ?? lines[0]!;
}
