import { openToOthers } from "../../lib/files/private_folder.ts";
import { readText } from "../../lib/files/files.ts";
import { loadRsaSigner, type RsaSigner } from "../../lib/pki/rsa_key.ts";
import { type EfiSigner, keySigner } from "../../lib/secure_boot/efi_signer.ts";
import { answeredSigner } from "../../lib/secure_boot/signature_files.ts";
import type { TextSink } from "../../lib/report/text_sink.ts";

const KEY_LIMIT = 64 << 10;
const SIGNATURES_LIMIT = 4 << 20;

/** A key from its file, and what it is called in messages. Warns where others may read it. */
export function readSecureBootKey(file: string, notes: TextSink): [key: RsaSigner, what: string] {
  const what = `key "${file}"`;
  const key = loadRsaSigner(readText(file, KEY_LIMIT), what);
  if (openToOthers(file)) notes.write(`warning: others can read ${what}: chmod 600 it\n`);
  return [key, what];
}

/** What signs as a user asks for; undefined where neither is given. Paths are absolute. */
export function efiSignerOf(
  { key, signatures }: {
    readonly key: string | undefined;
    readonly signatures: string | undefined;
  },
  notes: TextSink,
): EfiSigner | undefined {
  if (key !== undefined) return keySigner(...readSecureBootKey(key, notes));
  if (signatures === undefined) return undefined;
  return answeredSigner(readText(signatures, SIGNATURES_LIMIT), signatures);
}
