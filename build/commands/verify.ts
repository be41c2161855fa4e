import { Command } from "@commander-js/extra-typings";
import type { Env } from "../../lib/env.ts";
import { TowerError } from "../../lib/errors.ts";
import { join, resolve } from "@std/path";

/** `verify`: hashes a build's artifacts again. */
export function verifyCommand(env: Env) {
  return new Command("verify")
    .description("Hash the artifacts of a build again and compare them with its record.")
    .argument("<dir>", "folder with a record.json")
    .option("--json", "the result as JSON", false)
    .action(async (dir, options) => {
      const { hashFile } = await import("../../lib/store/artifact_file.ts");
      const { exists, readText } = await import("../../lib/store/files.ts");
      const { RECORD_FILE } = await import("../manifest/file_names.ts");
      const { parseArtifacts } = await import("../plan/record.ts");
      const folder = resolve(env.cwd, dir);
      const recordFile = join(folder, RECORD_FILE);
      const results = parseArtifacts(readText(recordFile, 64 << 20), recordFile).map((artifact) => {
        const path = join(folder, artifact.file);
        const found = exists(path) ? hashFile(path) : undefined;
        const state = found === undefined
          ? "missing"
          : found === artifact.digest
          ? "ok"
          : "changed";
        return { file: artifact.file, state };
      });
      env.stdout.write(
        options.json
          ? JSON.stringify({ artifacts: results }) + "\n"
          : results.map((r) => `${r.file}: ${r.state}\n`).join(""),
      );
      const bad = results.filter((r) => r.state !== "ok");
      if (bad.length === 0) return;
      throw new TowerError(
        "untrusted",
        `Cannot trust "${folder}": ${bad.map((b) => `${b.file} is ${b.state}`).join(", ")}`,
      );
    });
}
