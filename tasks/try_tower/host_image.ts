import { basename, dirname, join } from "@std/path";
import { run } from "../../build/root.ts";
import type { Env } from "../../lib/env.ts";
import { TowerError } from "../../lib/errors.ts";
import { makeDir, tempDir, writeFileAtomic } from "../../lib/files/files.ts";
import { canonicalJson } from "../../lib/json.ts";
import { makeLab } from "../lab.ts";
import { setup, thisMachine } from "../setup.ts";

/** Where apk's own libraries lie, apart from those of the lab's programs. */
const LIBRARIES = "usr/lib/alpine";
/** What apk is linked with. */
const LINKED = /\/lib(?:apk|crypto|ssl|z|zstd)\.so[^/]*$/;

/** How hosts get packages: apk, and where they look for them. */
export interface HostPackages {
  /** Alpine's minirootfs, whose apk the hosts get. */
  readonly apk: string;
  readonly repository: string;
}

/**
 * Builds the image of hosts from the lab's packages; returns its path. It lies in a place of its
 * own in the cache: `tower provision` shall not find it and take it for one of the user's.
 */
export async function hostImage(env: Env, packages?: HostPackages): Promise<string> {
  await setup(["dpkg-deb"], thisMachine(env));
  await makeLab(env, "x86_64");
  using folder = tempDir();
  const system = packages === undefined ? "host" : await hostWithApk(env, folder.path, packages);
  const printed: string[] = [];
  const stdout = { write: (text: string) => void printed.push(text) };
  const output = join(env.cacheDir, "try-tower");
  const code = await run({ ...env, args: ["build", system, "--output", output], stdout });
  const image = /^[0-9a-f]{64} {2}(.*\.img(?:\.(?:zst|xz|gz))?)$/m.exec(printed.join(""))?.[1];
  env.signal.throwIfAborted();
  if (code !== 0 || image === undefined) {
    throw new TowerError("tool", "Cannot try a tower: its hosts' image was not built");
  }
  return image;
}

/** @returns a manifest of hosts that have apk, which the lab's packages, Debian's, do not. */
async function hostWithApk(
  env: Env,
  folder: string,
  { apk, repository }: HostPackages,
): Promise<string> {
  await layApk(env, apk, join(folder, "overlay"));
  const manifest = {
    name: "host",
    extends: "host",
    stages: [{
      kind: "files",
      overlay: "overlay",
      files: [{ path: "/etc/apk/repositories", contents: `${repository}\n` }],
    }],
  };
  const path = join(folder, "host.yaml");
  writeFileAtomic(path, new TextEncoder().encode(canonicalJson(manifest)));
  return path;
}

/**
 * Lays apk of an Alpine root and its libraries as an overlay for a system without musl.
 * @throws {TowerError} `malformed` where the archive has none
 */
export async function layApk({ runner }: Pick<Env, "runner">, archive: string, overlay: string) {
  const { stdout } = await runner.run({ argv: ["tar", "-tf", archive] });
  const names = new TextDecoder().decode(stdout).split("\n");
  const program = names.find((name) => name === "./sbin/apk");
  const loader = names.find((name) => /^\.\/lib\/ld-musl-[^/]+\.so\.1$/.test(name));
  const library = names.find((name) => name.includes("/libapk.so"));
  if (program === undefined || loader === undefined || library === undefined) {
    throw new TowerError("malformed", `Cannot take apk of "${archive}": it is no Alpine root`, {
      hint: "Alpine's minirootfs for x86_64 is meant",
    });
  }
  const linked = names.filter((name) => dirname(name) === dirname(library) && LINKED.test(name));
  makeDir(join(overlay, "etc"));
  using folder = tempDir();
  const root = folder.path;
  await runner.run({ argv: ["tar", "-xf", archive, "-C", root, program, loader, ...linked] });
  // An overlay has plain files alone; some of these are links.
  const copy = async (names: readonly string[], to: string) => {
    makeDir(to);
    await runner.run({ argv: ["cp", "-L", ...names.map((name) => join(root, name)), to] });
  };
  await copy([program], join(overlay, "sbin"));
  await copy([loader], join(overlay, "lib"));
  await copy(linked, join(overlay, LIBRARIES));
  const path = basename(loader).replace(/\.so\.1$/, ".path");
  writeFileAtomic(join(overlay, "etc", path), new TextEncoder().encode(`/${LIBRARIES}\n`));
}
