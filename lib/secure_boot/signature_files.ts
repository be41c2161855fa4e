import { z } from "zod";
import { digestOf } from "../bytes/digest.ts";
import { TowerError } from "../errors.ts";
import { canonicalJson } from "../json.ts";
import { type Certificate, readCertificate } from "../pki/certificate.ts";
import { pemOf } from "../pki/pem.ts";
import { isSignedBy, type RsaSigner, SIGNATURE_SIZE } from "../pki/rsa_key.ts";
import { decodeJson } from "../schema/json_document.ts";
import { toBeSigned } from "./authenticode.ts";
import { type EfiSigner, keySigner, type UnsignedImage } from "./efi_signer.ts";

/** More EFI programs than these are in no system. */
const MOST_IMAGES = 1000;

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, "must be a SHA-256 in lower-case hexadecimal");
const digest = sha256.transform((hex) => Uint8Array.fromHex(hex));
const base64 = z.string().regex(
  new RegExp(`^[A-Za-z0-9+/]{342}==$`),
  `must be ${SIGNATURE_SIZE} bytes in base64`,
).transform((text) => Uint8Array.fromBase64(text));

const requestDocument = z.strictObject({
  version: z.literal(1),
  kind: z.literal("efi-signature-request"),
  system: z.string(),
  certificate: z.string(),
  images: z.array(z.strictObject({ path: z.string(), digest })).max(MOST_IMAGES),
});
const answerDocument = z.strictObject({
  version: z.literal(1),
  kind: z.literal("efi-signatures"),
  certificate: sha256,
  signatures: z.array(z.strictObject({ path: z.string(), digest, signature: base64 }))
    .max(MOST_IMAGES),
});

/** What a machine without a key wants to have signed. */
export interface SignatureRequest {
  readonly system: string;
  readonly certificate: Certificate;
  readonly images: readonly UnsignedImage[];
}

export function formatRequest({ system, certificate, images }: SignatureRequest): string {
  return formatted({
    version: 1,
    kind: "efi-signature-request",
    system,
    certificate: pemOf(certificate.der, "CERTIFICATE"),
    images: images.map(({ path, digest }) => ({ path, digest: digest.toHex() })),
  });
}

/** @throws {TowerError} `malformed` */
export function parseRequest(text: string, file: string): SignatureRequest {
  const what = `list of EFI programs "${file}"`;
  const { system, certificate, images } = decodeJson({ text, what }, requestDocument);
  const bytes = new TextEncoder().encode(certificate);
  return { system, images, certificate: readCertificate(bytes, `the certificate of ${what}`) };
}

/**
 * Answers a request. What is signed is made here of each program's digest, so that a key signs
 * programs and nothing else, whatever a request says.
 *
 * @param what names the key in messages
 * @throws {TowerError} `untrusted` for another key than the certificate's
 */
export function answerRequest(request: SignatureRequest, key: RsaSigner, what: string): string {
  const { certificate, images } = request;
  const signer = keySigner(key, what);
  signer.check(certificate);
  return formatted({
    version: 1,
    kind: "efi-signatures",
    certificate: digestOf(certificate.der).replace("sha256:", ""),
    signatures: images.map((image) => ({
      path: image.path,
      digest: image.digest.toHex(),
      signature: signer.sign(image, certificate).toBase64(),
    })),
  });
}

/**
 * Signs by an answer to a request.
 * @throws {TowerError} `malformed`
 */
export function answeredSigner(text: string, file: string): EfiSigner {
  const what = `signatures "${file}"`;
  const { certificate: name, signatures } = decodeJson({ text, what }, answerDocument);
  const byDigest = new Map(signatures.map((s) => [s.digest.toHex(), s.signature]));
  const check = (certificate: Certificate) => {
    if (digestOf(certificate.der) === `sha256:${name}`) return;
    throw new TowerError(
      "untrusted",
      `Cannot use ${what}: they are not of certificate "${certificate.commonName}"`,
    );
  };
  return {
    check,
    sign({ path, digest }, certificate) {
      check(certificate);
      const signature = byDigest.get(digest.toHex());
      if (signature === undefined) {
        throw new TowerError("stale", `Cannot sign "${path}": ${what} have none of it as it is`, {
          hint: "list anew what is to be signed: tower-build efi list SYSTEM",
        });
      }
      if (isSignedBy(certificate.publicKey, toBeSigned(digest), signature)) return signature;
      throw new TowerError("untrusted", `Cannot sign "${path}": ${what} have a wrong one of it`);
    },
  };
}

function formatted(value: unknown): string {
  return canonicalJson(value, 2) + "\n";
}
