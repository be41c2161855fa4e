import { Command, Option } from "@commander-js/extra-typings";
import type { Env } from "../../lib/env.ts";
import { join, resolve } from "@std/path";
import { RECORD_FILE } from "../../lib/release/file_names.ts";

/** `sbom`: a build's record in the formats of others. */
export function sbomCommand(env: Env) {
  return new Command("sbom")
    .description("Print what a build was made of, in a format that other tools read.")
    .argument("<dir>", "folder with a record.json, or a record")
    .addOption(
      new Option("--format <format>", "SPDX 2.3, CycloneDX 1.6, or in-toto with SLSA provenance v1")
        .choices(["spdx", "cyclonedx", "slsa"] as const).makeOptionMandatory(),
    )
    .action(async (dir, { format }) => {
      const { isFolder } = await import("../../lib/files/files.ts");
      const { parseRecord } = await import("../../lib/release/record.ts");
      const { renderers } = await import("../supply/renderers.ts");
      const path = resolve(env.cwd, dir);
      const file = isFolder(path) ? join(path, RECORD_FILE) : path;
      const record = parseRecord(await readBuilt(file, env), file);
      env.stdout.write(JSON.stringify(renderers[format](record), null, 2) + "\n");
    });
}

/** The text of a record. @throws {TowerError} as reading does; what makes one, where none is. */
async function readBuilt(file: string, env: Env): Promise<string> {
  const { TowerError } = await import("../../lib/errors.ts");
  const { readText } = await import("../../lib/files/files.ts");
  const { buildsFolder } = await import("../inputs/inputs.ts");
  try {
    return readText(file, 64 << 20);
  } catch (cause) {
    if (!(cause instanceof TowerError) || cause.code !== "not-found") throw cause;
    throw new TowerError("not-found", cause.message, {
      cause: cause.cause,
      hint: `build it first: tower-build build NAME; its record is then in ${
        join(buildsFolder(env), "NAME")
      }`,
    });
  }
}
