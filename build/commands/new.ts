import { Command } from "@commander-js/extra-typings";
import type { Env } from "../../lib/env.ts";
import { quoteArgv } from "../../lib/proc/quoting.ts";

/** `new NAME`: a manifest to begin with. */
export function newCommand(env: Env) {
  return new Command("new")
    .description("Write a commented manifest, NAME.yaml, that builds and boots as it is.")
    .argument("<name>", "of the system: a-z, 0-9 and -; a file that is there stays as it is")
    .option("--from <system>", "the system or manifest FILE.yaml that it adds to (default: lab)")
    .option("--key <file>", "public key that logs in as root (default, for lab: your own)")
    .action(async (name, { from, key }) => {
      const { printable } = await import("../../lib/errors.ts");
      const { writeNewManifest } = await import("../inputs/new_system.ts");
      const made = writeNewManifest({ name, from, key }, env);
      const login = made.key === undefined
        ? "nobody logs in over SSH yet: it says where a public key goes"
        : `${made.key} logs in as root`;
      // Of another key than ssh offers by itself, the private half is to be named.
      const identity = key === undefined
        ? ""
        : ` ${printable(quoteArgv(["--identity", key.replace(/\.pub$/, "")]))}`;
      env.stdout.write(
        `${made.file} is written; ${printable(login)}.\n` +
          `Then: tower-build build ${made.file}, tower-build boot ${name}` +
          `${made.key === undefined ? "" : ` --ssh${identity}`}\n`,
      );
    });
}
