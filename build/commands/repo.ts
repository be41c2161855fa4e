import { Command } from "@commander-js/extra-typings";
import type { Env } from "../../lib/env.ts";
import { basename, resolve } from "@std/path";

/** `repo`: packages and indexes of one's own. */
export function repoCommand(env: Env) {
  return new Command("repo")
    .description("Make signed packages and indexes in Alpine's format.")
    .addCommand(packCommand(env))
    .addCommand(indexCommand(env));
}

function packCommand(env: Env) {
  return new Command("pack")
    .description("Make a signed .apk from a folder or a tar archive, and a PKGINFO.")
    .argument(
      "<tree>",
      "what the package installs: a folder (all of it becomes root's; no capabilities or other " +
        "extended attributes), or a tar archive with owners, attributes and devices",
    )
    .requiredOption("--info <file>", "the .PKGINFO: pkgname, pkgver, arch, depend …")
    .requiredOption("--key <file>", "private RSA key in PEM; its name is the signature's")
    .option("--scripts <dir>", "folder with .pre-install, .post-install, .trigger …")
    .option("--output <dir>", "where the package goes", ".")
    .action(async (tree, options) => {
      const { openEngine } = await import("../engine/engine.ts");
      const { packFolder, refuseCapabilities } = await import("../repository/repository.ts");
      using engine = openEngine(env, { offline: true, json: false, jobs: 1 });
      await refuseCapabilities(resolve(env.cwd, tree), env.runner);
      const path = await packFolder({
        tree: resolve(env.cwd, tree),
        infoFile: resolve(env.cwd, options.info),
        key: resolve(env.cwd, options.key),
        output: resolve(env.cwd, options.output),
        ...(options.scripts === undefined
          ? {}
          : { scriptsFolder: resolve(env.cwd, options.scripts) }),
      }, engine);
      env.stdout.write(`${path}\n`);
    });
}

function indexCommand(env: Env) {
  return new Command("index")
    .description("Make the signed APKINDEX.tar.gz of a folder of packages.")
    .argument("<dir>", "folder of one architecture, with NAME-VERSION.apk files")
    .requiredOption("--key <file>", "private RSA key in PEM")
    .requiredOption("--keys <dir>", "public keys that the packages must be signed with")
    .option("--description <text>", "what the index says of itself", "packages")
    .action(async (dir, options) => {
      const { openEngine } = await import("../engine/engine.ts");
      const { trustedKeys } = await import("../inputs/trusted_keys.ts");
      const { indexFolder } = await import("../repository/repository.ts");
      using engine = openEngine(env, { offline: true, json: false, jobs: 1 });
      const folder = resolve(env.cwd, dir);
      const count = await indexFolder({
        folder,
        keys: trustedKeys(
          { repositories: [], folder: options.keys, arch: basename(folder) },
          env,
        ),
        key: resolve(env.cwd, options.key),
        description: options.description,
      }, engine);
      env.stdout.write(`${count} packages\n`);
    });
}
