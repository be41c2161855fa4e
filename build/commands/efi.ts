import { Command } from "@commander-js/extra-typings";
import { resolve } from "@std/path";
import type { Env } from "../../lib/env.ts";
import { printable } from "../../lib/errors.ts";
import { requestOf, systemCommand } from "./options.ts";

/** `efi`: signatures of UEFI Secure Boot, where the key is on another machine. */
export function efiCommand(env: Env) {
  return new Command("efi")
    .description("Sign EFI programs for Secure Boot on another machine, and check signed ones.")
    .addCommand(listCommand(env))
    .addCommand(signCommand(env))
    .addCommand(verifyCommand(env));
}

function listCommand(env: Env) {
  return systemCommand(
    "list",
    "Print what a build of a system wants to have signed, for `efi sign`; nothing is built.",
  ).action(async (system, options) => {
    const { openEngine } = await import("../engine/engine.ts");
    const { signatureRequest } = await import("../secure_boot/signature_request.ts");
    const request = requestOf(system, options, env);
    using engine = openEngine(env, { ...request, json: options.json });
    env.stdout.write(await signatureRequest(request, engine));
  });
}

function signCommand(env: Env) {
  return new Command("sign")
    .description("Print the signatures of such a list, for `build --secure-boot-signatures`.")
    .argument("<file>", "what `efi list` printed")
    .requiredOption("--key <file>", "private key of db, in PEM, such as DIR/db.key")
    .action(async (file, options) => {
      const { readText } = await import("../../lib/files/files.ts");
      const { answerRequest, parseRequest } = await import(
        "../../lib/secure_boot/signature_files.ts"
      );
      const { readSecureBootKey } = await import("../secure_boot/signers.ts");
      const path = resolve(env.cwd, file);
      const request = parseRequest(readText(path, 4 << 20), path);
      const key = readSecureBootKey(resolve(env.cwd, options.key), env.notes);
      const answer = answerRequest(request, ...key);
      const { certificate, images } = request;
      env.notes.write(
        printable([
          `signed for "${certificate.commonName}", as "${request.system}" asks for:`,
          ...images.map((image) => `  ${image.digest.toHex()}  ${image.path}`),
        ].join("\n")) + "\n",
      );
      env.stdout.write(answer);
    });
}

function verifyCommand(env: Env) {
  return new Command("verify")
    .description("Check that a certificate's key signed EFI programs.")
    .argument("<file...>", "EFI programs")
    .requiredOption("--certificate <file>", "in PEM or DER, such as DIR/public/db.crt")
    .action(async (files, options) => {
      const { verifiedProgram } = await import("../secure_boot/verified_program.ts");
      const certificate = resolve(env.cwd, options.certificate);
      for (const file of files) {
        const name = verifiedProgram(resolve(env.cwd, file), certificate);
        env.stdout.write(printable(`${file}: signed by ${name}`) + "\n");
      }
    });
}
