import { TowerError } from "../../lib/errors.ts";
import { makePrivateFolder } from "../../lib/files/new_folder.ts";
import { readCertificate } from "../../lib/pki/certificate.ts";
import { pemOf } from "../../lib/pki/pem.ts";
import { loadRsaSigner } from "../../lib/pki/rsa_key.ts";
import type { KeyVariable } from "../../lib/secure_boot/authenticated_variable.ts";
import { enrolmentFiles, KEY_VARIABLES } from "../../lib/secure_boot/enrolment.ts";
import { readBytes } from "../../lib/files/files.ts";

/** The folder of all that may be published, in that of the keys. */
export const PUBLIC_FOLDER = "public";
const LIMIT = 64 << 10;

/** What keys are asked for. Times are seconds since 1970. */
export interface KeyWish {
  readonly folder: string;
  readonly name: string;
  readonly notBefore: number;
  readonly notAfter: number;
  readonly timestamp: number;
  /** Files with certificates of others that may sign what starts. */
  readonly alsoTrusted: readonly string[];
}

/**
 * Makes a platform's own keys: PK, KEK and db, of RSA with 2048 bits, each by itself, and below
 * `public` what enrols them.
 *
 * @throws {TowerError} `conflict` where the folder exists
 */
export async function makeSecureBootKeys(wish: KeyWish): Promise<void> {
  const { folder, notBefore, notAfter, timestamp, alsoTrusted } = wish;
  if (notAfter <= notBefore) {
    throw new TowerError("usage", "Cannot make certificates: they would end before they begin");
  }
  const moreOfDb = alsoTrusted.map((file) =>
    readCertificate(readBytes(file, LIMIT), `certificate "${file}"`).der
  );
  const pems = { PK: await newKey(), KEK: await newKey(), db: await newKey() };
  const keys = Object.fromEntries(
    KEY_VARIABLES.map((name) => [name, loadRsaSigner(pems[name], `key "${name}"`)] as const),
  ) as Record<KeyVariable, ReturnType<typeof loadRsaSigner>>;
  const files = enrolmentFiles(keys, { name: wish.name, notBefore, notAfter, timestamp, moreOfDb });
  makePrivateFolder(folder, [
    ...KEY_VARIABLES.map((name) => ({
      path: `${name}.key`,
      bytes: new TextEncoder().encode(pems[name]),
      mode: 0o600,
    })),
    ...[...files].map(([name, bytes]) => ({
      path: `${PUBLIC_FOLDER}/${name}`,
      bytes,
      mode: 0o644,
    })),
  ]);
}

/** A new private key, as PKCS#8 in PEM. */
async function newKey(): Promise<string> {
  const { privateKey } = await crypto.subtle.generateKey(
    {
      name: "RSASSA-PKCS1-v1_5",
      modulusLength: 2048,
      publicExponent: new Uint8Array([1, 0, 1]),
      hash: "SHA-256",
    },
    true,
    ["sign", "verify"],
  );
  return pemOf(new Uint8Array(await crypto.subtle.exportKey("pkcs8", privateKey)), "PRIVATE KEY");
}
