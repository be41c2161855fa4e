import { Command } from "@commander-js/extra-typings";
import type { Env } from "../../lib/env.ts";
import { resolve } from "@std/path";

/** `sign`: signatures beside a build's record and digests. */
export function signCommand(env: Env) {
  return new Command("sign")
    .description(
      "Sign a build's SHA256SUMS and record.json with an SSH key, as ssh-keygen -Y sign does.",
    )
    .argument("<dir>", "folder with a record.json")
    .requiredOption(
      "--key <file>",
      "private key, or the public one of a key that an SSH agent holds",
    )
    .action(async (dir, options) => {
      const { signBuild } = await import("../release/signing.ts");
      const { buildFolder } = await import("../release/build_folder.ts");
      const folder = buildFolder(dir, "sign", env);
      const { files, signer } = await signBuild(folder, resolve(env.cwd, options.key), env);
      for (const file of files) env.stdout.write(`${file}: signed by ${signer}\n`);
    });
}
