import { Option } from "@commander-js/extra-typings";
import type { Env } from "../../lib/env.ts";
import { join, resolve } from "@std/path";
import { requestOf, systemCommand } from "./options.ts";

/** `build`: the whole way from a manifest to artifacts. */
export function buildCommand(env: Env) {
  return systemCommand("build", "Build a system's media, with their digests and a record.")
    .option(
      "--sign [key]",
      "sign them with an SSH key; by default with one of your own, made on first use, which " +
        "tower provision then asks for",
    )
    .addOption(
      new Option(
        "--secure-boot-key <file>",
        "private key that signs EFI programs where the manifest asks for it, such as DIR/db.key of " +
          "keys secure-boot",
      ).conflicts("secureBootSignatures"),
    )
    .option(
      "--secure-boot-signatures <file>",
      "their signatures, made elsewhere: what efi sign printed",
    )
    .action(async (system, options) => {
      const { openEngine } = await import("../engine/engine.ts");
      const { build } = await import("../pipeline.ts");
      const request = requestOf(system, options, env);
      const sign = options.sign === undefined ? undefined : await signerFor(options.sign, env);
      const efiSigner = await efiSignerFor(options, env);
      using engine = openEngine(env, { ...request, json: options.json, efiSigner });
      const { record, folder } = await build(request, engine);
      const signer = await sign?.(folder);
      if (signer) engine.reporter.report({ type: "info", message: `signed by ${signer}` });
      if (options.json) {
        env.stdout.write(JSON.stringify({ folder, ...record }) + "\n");
        return;
      }
      for (const { digest, file } of record.artifacts) {
        env.stdout.write(`${digest.replace("sha256:", "")}  ${join(folder, file)}\n`);
      }
    });
}

/** What signs EFI programs; undefined where nothing is given for it. */
async function efiSignerFor(
  { secureBootKey, secureBootSignatures }: {
    readonly secureBootKey?: string | undefined;
    readonly secureBootSignatures?: string | undefined;
  },
  env: Env,
) {
  if (secureBootKey === undefined && secureBootSignatures === undefined) return undefined;
  const { efiSignerOf } = await import("../secure_boot/signers.ts");
  const pathOf = (file: string | undefined) => file && resolve(env.cwd, file);
  const files = { key: pathOf(secureBootKey), signatures: pathOf(secureBootSignatures) };
  return efiSignerOf(files, env.notes);
}

/** What signs a folder; a key that cannot be used is told before the build. */
async function signerFor(key: string | true, env: Env) {
  const { imageKey } = await import("../release/image_key.ts");
  const { signBuild } = await import("../release/signing.ts");
  const { readSigningKey } = await import("../../lib/program/ssh_signing.ts");
  const { ReleaseFolder } = await import("../../lib/release/release_folder.ts");
  const file = key === true ? await imageKey(env) : resolve(env.cwd, key);
  readSigningKey(file);
  return async (folder: string) => (await signBuild(new ReleaseFolder(folder), file, env)).signer;
}
