import { join } from "@std/path";
import { run } from "../../../build/root.ts";
import { realEnv } from "../../../lib/env.ts";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { prepareThinClient } from "../../../tasks/build_image/thin_client.ts";
import { programsMissing } from "../program/missing_programs.ts";
import { testEnv } from "../program/test_env.ts";
import { hostMissing } from "./host_system.ts";
import { mediumMissing } from "./medium_system.ts";

/** Why a test cannot build the thin client's medium, or undefined where it can. For `ignore`. */
export function thinClientMissing(): string | undefined {
  return hostMissing() ?? mediumMissing() ??
    programsMissing(denoRunner(), "gcc", "dpkg-deb", "qemu-system-x86_64");
}

/** Builds the thin client's medium with programs and the image of a host, as the task does; its path. */
export async function buildThinClient(folder: string): Promise<string> {
  const [image] = await buildThinClients([{ folder }]);
  return image!;
}

/** A build of the thin client in a folder of its own. */
export interface ThinClientBuild {
  readonly folder: string;
  readonly version?: string;
  /** Behind those that it has. */
  readonly stages?: readonly object[];
}

/** Builds several, which one key signs; their paths. */
export async function buildThinClients(
  builds: readonly ThinClientBuild[],
): Promise<string[]> {
  const { cacheDir } = realEnv();
  using place = testEnv({ runner: denoRunner() });
  // What is built here is nobody else's.
  Deno.mkdirSync(join(place.cwd, "dist"));
  const env = { ...place, cacheDir };
  const images: string[] = [];
  for (const { folder, version, stages = [] } of builds) {
    Deno.mkdirSync(folder, { recursive: true });
    const manifest = await prepareThinClient(env, folder, ["--offline"]);
    const said = JSON.parse(Deno.readTextFileSync(manifest));
    const own = { ...said, ...version && { version }, stages: [...said.stages, ...stages] };
    Deno.writeTextFileSync(manifest, JSON.stringify(own));
    const args = ["build", manifest, "--offline", "--sign", "--output", folder];
    if (await run({ ...env, args }) !== 0) throw new Error(place.err);
    const names = Array.from(Deno.readDirSync(folder), ({ name }) => name);
    images.push(join(folder, names.find((name) => name.endsWith(".iso"))!));
  }
  return images;
}
