import { fromFileUrl, join } from "@std/path";
import { ownKey } from "../../build/boot/own_key.ts";
import { buildsFolder } from "../../build/inputs/inputs.ts";
import { imageKey } from "../../build/release/image_key.ts";
import { run } from "../../build/root.ts";
import type { Env } from "../../lib/env.ts";
import { TowerError } from "../../lib/errors.ts";
import {
  exists,
  listDir,
  makeDir,
  readBytes,
  removeTree,
  writeFileAtomic,
} from "../../lib/files/files.ts";
import { interrupted } from "../../lib/files/interruption.ts";
import { hostBuilds } from "../../lib/release/built_images.ts";
import { compileAll } from "../compile/compile_all.ts";
import { PROGRAMS } from "../compile/programs.ts";

/** Of the system, of what this adds to it, and of the folder with that. */
export const THIN_CLIENT = "thinclient";
/** Options of `build` that are of the thin client's own build, each with a value. */
const OWN_OPTIONS = ["--output", "--lock"];
/** Whoever sits at a live medium (its manifest). */
const USER = { uid: 1000, gid: 1000 };
const [PROGRAM_LIMIT, IMAGE_LIMIT] = [256 << 20, 256 << 20];

/**
 * Makes what a thin client carries beside its packages: both programs, the images of hosts that are built
 * already and the one for PCs, which is built where it is missing, and the key that signs them.
 *
 * @param folder where that goes, with the manifest
 * @param options of `build`
 * @returns the path of the manifest that has all of it
 */
export async function prepareThinClient(
  env: Env,
  folder: string,
  options: readonly string[],
): Promise<string> {
  const overlay = join(folder, THIN_CLIENT);
  if (exists(overlay)) removeTree(overlay);
  await putPrograms(env, join(overlay, "usr/local/bin"));
  const code = await run({ ...env, args: ["build", "host", ...hostOptions(options), "--sign"] });
  if (env.signal.aborted) throw interrupted("Cannot build the image of hosts", env.signal.reason);
  if (code !== 0) throw new TowerError("conflict", "Cannot go on without the image of hosts");
  putHosts(buildsFolder(env), join(overlay, "var/towercomputers/builds"));
  const { publicKey } = ownKey(await imageKey(env), "tower-image");
  const manifest = {
    name: THIN_CLIENT,
    extends: THIN_CLIENT,
    stages: [{
      kind: "files",
      overlay: THIN_CLIENT,
      files: [
        { path: "/home/tower/.local", directory: true, mode: "0700", ...USER },
        { path: "/home/tower/.local/tower", directory: true, mode: "0700", ...USER },
        {
          path: "/home/tower/.local/tower/image_signers",
          contents: `image namespaces="file" ${publicKey}\n`,
          mode: "0600",
          ...USER,
        },
      ],
    }],
  };
  const path = join(folder, `${THIN_CLIENT}.yaml`);
  // JSON is YAML.
  writeFileAtomic(path, new TextEncoder().encode(`${JSON.stringify(manifest, null, 2)}\n`));
  return path;
}

async function putPrograms(env: Env, folder: string): Promise<void> {
  const made = `${folder}.made`;
  makeDir(made);
  const records = await compileAll({
    targets: ["x86_64"],
    programs: PROGRAMS,
    output: made,
    project: fromFileUrl(new URL("../..", import.meta.url)),
    env,
    deno: { path: Deno.execPath(), version: Deno.version.deno, machine: Deno.build.arch },
    isFresh: false,
  });
  makeDir(folder);
  for (const { program, file } of records) {
    writeFileAtomic(join(folder, program), readBytes(join(made, file), PROGRAM_LIMIT), 0o755);
  }
  removeTree(made);
}

/** Copies builds of hosts, each a folder with its record and signature. */
function putHosts(builds: string, to: string): void {
  for (const build of hostBuilds(builds)) {
    const folder = join(to, build.slice(builds.length + 1));
    makeDir(folder);
    for (const name of listDir(build)) {
      writeFileAtomic(join(folder, name), readBytes(join(build, name), IMAGE_LIMIT));
    }
  }
}

function hostOptions(options: readonly string[]): string[] {
  return options.filter((option, i) =>
    !OWN_OPTIONS.some((own) =>
      option === own || option.startsWith(`${own}=`) || options[i - 1] === own
    )
  );
}
