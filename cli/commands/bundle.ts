import { Command } from "@commander-js/extra-typings";
import type { Env } from "../../lib/env.ts";
import type { Ending } from "../../lib/program/ending.ts";
import { MACHINES, withSources } from "./with_sources.ts";

/** `bundle`: packages in a file, for hosts of a tower without any Internet. */
export function bundleCommand(env: Env, ending: Ending) {
  return new Command("bundle")
    .description("Carry packages in one signed file to a tower without any Internet.")
    .addCommand(askCommand(env))
    .addCommand(createCommand(env, ending))
    .addCommand(showCommand(env, ending));
}

function askCommand(env: Env) {
  return new Command("ask")
    .description("Write what hosts have and are to get, for a machine with Internet.")
    .usage("[options] <file> <node...> <pkg...>")
    .argument("<file>", "the request to write")
    .argument("<node>", MACHINES)
    .argument("[pkg...]", "name, name=1.2-r3, name~1.2, name>1 or name@tag")
    .option("--new-sources", "take repositories and keys of the host that are new", false)
    .option("--json", "as JSON", false)
    .action(async (file, host, words, options) => {
      const { askForBundle } = await import("../packages/bundle/ask.ts");
      await askForBundle(file, [host, ...words], options, env);
    });
}

function createCommand(env: Env, ending: Ending) {
  return withSources(
    "create",
    "Make a bundle: packages that hosts lack, with what these need and the indexes that name them.",
  )
    .usage("[options] <file> (--for <node...> | --asked <file> | --packages <pkg...>)")
    .argument("<file>", "the bundle to write")
    .argument("[pkg...]", "behind --: packages that are called like a host of --for")
    .option("--for <node...>", "hosts of this tower, then packages; read by way of the router")
    .option("--asked <file>", "what `tower bundle ask` wrote elsewhere; read from here")
    .option("--packages <pkg...>", "packages with all that they need, for hosts that are not known")
    .option("--arch <arch>", "with --packages: as apk --print-arch tells it")
    .option(
      "--repository <url>",
      "with --packages: as hosts name it; again for more",
      (url: string, before: readonly string[] = []): readonly string[] => [...before, url],
    )
    .option("--keys <dir>", "with --packages: public keys that sign the repositories")
    .option(
      "--key <file>",
      "the SSH key that signs the bundle (default: the one that signs images)",
    )
    .action(async (file, words, options) => {
      const { createBundle } = await import("../packages/bundle/create.ts");
      await createBundle(file, words, options, { env, ending });
    });
}

function showCommand(env: Env, ending: Ending) {
  return new Command("show")
    .description("Check a bundle, and tell what it has, for which hosts, and who signed it.")
    .argument("<file>", "the bundle")
    .option(
      "--signers <file>",
      "public keys of who may sign (default: image_signers in ~/.local/tower)",
    )
    .option("--json", "as JSON", false)
    .action(async (file, options) => {
      const { showBundle } = await import("../packages/bundle/show.ts");
      await showBundle(file, options, { env, ending });
    });
}
