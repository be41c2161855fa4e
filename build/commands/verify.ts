import { Command } from "@commander-js/extra-typings";
import type { Env } from "../../lib/env.ts";
import { printable } from "../../lib/errors.ts";
import { resolve } from "@std/path";

/** `verify`: checks a build's signatures and hashes its artifacts. */
export function verifyCommand(env: Env) {
  return new Command("verify")
    .description("Check a build's signatures, then hash its artifacts again.")
    .argument("<dir>", "folder with a record.json")
    .option("--key <file>", "the signer's public key, or an allowed_signers file")
    .option("--json", "the result as JSON", false)
    .action(async (dir, options) => {
      const { checkFiles, checkSignatures, describeState, requireGood } = await import(
        "../release/verification.ts"
      );
      const { reporterFor } = await import("../../lib/program/reporter.ts");
      const { silent } = await import("../../lib/report/event.ts");
      const { buildFolder } = await import("../release/build_folder.ts");
      const folder = buildFolder(dir, "verify", env);
      const keys = options.key === undefined
        ? undefined
        : await readSigners(resolve(env.cwd, options.key));
      const signatures = keys && checkSignatures(folder, keys.keys).map(({ file, key }) => ({
        file,
        key: keys.fingerprint(key.blob),
        comment: key.comment,
      }));
      using reporter = options.json ? undefined : reporterFor(env, false);
      const { runner, signal } = env;
      const checked = await checkFiles(folder, {
        runner,
        signal,
        reporter: reporter ?? silent,
      });
      if (options.json) {
        env.stdout.write(
          JSON.stringify({ signatures: signatures ?? null, artifacts: checked }) + "\n",
        );
      } else {
        const lines = [
          ...(signatures ?? []).map((s) => `${s.file}: signed by ${s.key} ${s.comment}`.trimEnd()),
          ...checked.map((c) => `${c.file}: ${describeState(c)}`),
        ];
        env.stdout.write(printable(lines.join("\n")) + "\n");
      }
      requireGood(folder, checked);
      if (signatures || options.json) return;
      env.notes.write("no signature was checked: --key FILE names the signer's public key\n");
    });
}

async function readSigners(path: string) {
  const { readText } = await import("../../lib/files/files.ts");
  const { FILE_NAMESPACE } = await import("../../lib/ssh_signature/signature.ts");
  const { parseSigners } = await import("../../lib/ssh_signature/allowed_signers.ts");
  const { fingerprint } = await import("../../lib/ssh_signature/public_key.ts");
  return { keys: parseSigners(readText(path, 1 << 20), path, FILE_NAMESPACE), fingerprint };
}
