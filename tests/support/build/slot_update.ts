import { join } from "@std/path";
import type { Runner } from "../../../lib/proc/command.ts";

export interface SlotUpdate {
  /** The private key of OpenSSH that signs. */
  readonly key: string;
  /** What the list of digests says; the truth by default. */
  readonly list?: Uint8Array;
  /** What the signature is for. */
  readonly namespace?: string;
}

/**
 * Packs files of a folder as tower-slot takes an update: a tar with the list of their digests and its
 * signature first.
 *
 * @param tar its name in that folder
 * @returns its path
 */
export async function packUpdate(
  runner: Runner,
  folder: string,
  files: readonly string[],
  tar: string,
  { key, list, namespace = "file" }: SlotUpdate,
): Promise<string> {
  const at = (name: string) => join(folder, name);
  const sums = list ??
    (await runner.run({ argv: ["sha256sum", ...files], cwd: folder })).stdout;
  const sign = ["ssh-keygen", "-Y", "sign", "-q", "-n", namespace, "-f", key] as const;
  const { stdout: signature } = await runner.run({ argv: [...sign], stdin: sums });
  Deno.writeFileSync(at("SHA256SUMS"), sums);
  Deno.writeFileSync(at("SHA256SUMS.sig"), signature);
  const names = ["SHA256SUMS", "SHA256SUMS.sig", ...files];
  await runner.run({ argv: ["tar", "-c", "-f", at(tar), "-C", folder, ...names] });
  return at(tar);
}
