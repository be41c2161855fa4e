import { unzipSync } from "fflate";
import { join } from "@std/path";
import { TowerError } from "../../lib/errors.ts";
import { exists, readBytes, tempDir, writeFileAtomic } from "../../lib/files/files.ts";
import type { Machine } from "./elf_layout.ts";
import { assertPackable } from "./pack.ts";
import { networkVariables } from "./network_variables.ts";
import type { Runtime, RuntimeContext } from "./runtime.ts";

const LIMIT = 512 << 20;

/** A `denort`, or why there is none. */
export type DenortSearch = { readonly found: Runtime } | { readonly why: string };

/**
 * Finds `denort` for a machine: DENORT_BIN, then Deno's own download or cache. A file that is
 * named and does not fit is an error: nothing takes its place.
 *
 * @throws {TowerError} as reading the file; `unsupported` for another version.
 */
export async function findDenort(
  machine: Machine,
  context: RuntimeContext,
): Promise<DenortSearch> {
  const { given } = context;
  return given === undefined
    ? await ownDenort(machine, context)
    : { found: givenDenort(given, machine, context) };
}

function givenDenort(path: string, machine: Machine, context: RuntimeContext): Runtime {
  const bytes = readBytes(path, LIMIT);
  try {
    assertPackable(bytes, machine);
  } catch (cause) {
    if (!(cause instanceof TowerError)) throw cause;
    throw new TowerError(cause.code, `Cannot use "${path}" as denort for ${machine}`, { cause });
  }
  assertVersion(bytes, context.version, path);
  return { kind: "denort", bytes, version: context.version, origin: "DENORT_BIN" };
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
async function ownDenort(machine: Machine, context: RuntimeContext): Promise<DenortSearch> {
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
      return { why: `Deno could not download it (${reasonOf(error)})` };
    }
    if (!exists(archive)) return { why: `Deno put it elsewhere than "${archive}"` };
  }
  const bytes = unzipSync(readBytes(archive, LIMIT))["denort"];
  if (!bytes) return { why: `"${archive}" holds no denort` };
  return { found: { kind: "denort", bytes, version, origin: "download" } };
}

function reasonOf(error: TowerError): string {
  const lines = error.message.split("\n").map((line) => line.trim());
  return lines.findLast((line) => /^\d+: /.test(line))?.replace(/^\d+: /, "") ?? lines[0]!;
}
