import { join } from "@std/path";
import type { BuildRequest } from "../../../build/inputs/request.ts";
import { build } from "../../../build/pipeline.ts";
import { openEngine } from "../../../build/engine/engine.ts";
import { labFolder } from "../../../build/inputs/trusted_keys.ts";
import type { BuildRecord } from "../../../lib/release/record.ts";
import type { Arch } from "../../../lib/brand.ts";
import { realEnv } from "../../../lib/env.ts";
import { silent } from "../../../lib/report/event.ts";
import { exists } from "../../../lib/files/files.ts";
import { waitForLock } from "../../../lib/files/lock_file.ts";
import type { SharedProgram } from "../program/shared_program.ts";

/** Options that name a lab repository and the folder of its keys. */
export type LabOptions = readonly ["--repository", string, "--keys", string];

/** A build from the lab repository as it lies in the cache. @param output Folder of the artifacts. */
export function labRequest(system: string, arch: Arch, output: string): BuildRequest {
  return {
    system,
    arch,
    repositories: undefined,
    keysFolder: undefined,
    lockFile: undefined,
    frozen: false,
    offline: true,
    output,
    jobs: 2,
  };
}

/** Why a test cannot build the lab system, or undefined where it can. For `ignore`. */
export function labMissing(arch: Arch = "x86_64"): string | undefined {
  return exists(join(labFolder(realEnv()), arch, "APKINDEX.tar.gz"))
    ? undefined
    : `no lab repository for ${arch}; make it with deno task lab --arch ${arch}`;
}

/** Builds the lab system with a key that opens it. */
export async function buildLab(
  folder: string,
  publicKey: string,
  arch: Arch = "x86_64",
): Promise<{ image: string; record: BuildRecord }> {
  const users = [{ name: "root", authorizedKeys: [publicKey] }];
  return await buildVariant(folder, { stages: [{ kind: "accounts", users }] }, arch);
}

/** Builds what a manifest adds to the lab system, or has instead; its disk is called lab.img. */
export async function buildVariant(
  folder: string,
  fields: object,
  arch: Arch = "x86_64",
): Promise<{ image: string; record: BuildRecord }> {
  return await buildSystem(folder, { name: "lab", extends: "lab", ...fields }, arch);
}

/** Builds a manifest from the lab repository; its disk is called lab.img. */
export async function buildSystem(
  folder: string,
  manifest: object,
  arch: Arch = "x86_64",
): Promise<{ image: string; record: BuildRecord }> {
  const system = join(folder, "lab.yaml");
  // JSON is YAML.
  Deno.writeTextFileSync(system, JSON.stringify(manifest));
  using engine = openEngine(realEnv(), { offline: true, json: false, jobs: 2 });
  const { record } = await build(labRequest(system, arch, folder), { ...engine, reporter: silent });
  return { image: join(folder, "lab.img"), record };
}

/**
 * Puts the lab repository where every user can read it; gives the options that name it. Waits for
 * whoever makes the repository just now: half of it would not fit the other half.
 */
export async function shareLab(program: SharedProgram, arch: Arch): Promise<LabOptions> {
  const lab = labFolder(realEnv());
  const { signal } = new AbortController();
  using _lock = await waitForLock(`${lab}/lock`, "a test", { signal, onWait() {} });
  Deno.mkdirSync(`${program.folder}/lab`);
  await program.copy(`${lab}/${arch}`, `lab/${arch}`);
  const keys = await program.copy(`${lab}/keys-public`, "keys");
  return ["--repository", `${program.folder}/lab`, "--keys", keys];
}
