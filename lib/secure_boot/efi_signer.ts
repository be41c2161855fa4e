import { TowerError } from "../errors.ts";
import type { Certificate } from "../pki/certificate.ts";
import { type RsaSigner, SIGNATURE_SIZE } from "../pki/rsa_key.ts";
import { sameBytes } from "../pki/der_reader.ts";
import { toBeSigned } from "./authenticode.ts";

/** An EFI program that is to be signed. */
export interface UnsignedImage {
  /** For messages: where it lies. */
  readonly path: string;
  /** As `imageDigest` computes it. */
  readonly digest: Uint8Array;
}

/** Signs EFI programs; where its key is, nobody needs to know. */
export interface EfiSigner {
  /** Refuses a certificate that it cannot sign for, before anything is done. @throws {TowerError} */
  check(certificate: Certificate): void;
  /** The signature of `toBeSigned` of an image by the certificate's key. @throws {TowerError} */
  sign(image: UnsignedImage, certificate: Certificate): Uint8Array;
}

/** By a key. @param what names the key in messages, such as `key "db.key"` */
export function keySigner(key: RsaSigner, what: string): EfiSigner {
  const check = (certificate: Certificate) => {
    if (sameBytes(key.publicKey, certificate.publicKey)) return;
    throw new TowerError(
      "untrusted",
      `Cannot sign with ${what}: it is not the key of certificate "${certificate.commonName}"`,
    );
  };
  return {
    check,
    sign(image, certificate) {
      check(certificate);
      return key.sign(toBeSigned(image.digest));
    },
  };
}

/** Where nothing signs: what needs it is refused. */
export const NO_SIGNER: EfiSigner = {
  check(certificate) {
    throw new TowerError(
      "usage",
      `Cannot sign for Secure Boot: the key of "${certificate.commonName}" is not given`,
      {
        hint: "give it by --secure-boot-key FILE, or signatures that were made where it lies by " +
          "--secure-boot-signatures FILE (tower-build efi list SYSTEM)",
      },
    );
  },
  sign(_image, certificate) {
    this.check(certificate);
    return new Uint8Array();
  },
};

/** Is told what is to be signed, and by the key of which certificate. */
export type OnUnsigned = (image: UnsignedImage, certificate: Certificate) => void;

/**
 * Takes down what is to be signed, and gives zeros: what comes of them is as large as what a key
 * gives, and nothing starts it.
 */
export function collectingSigner(collect: OnUnsigned): EfiSigner {
  return {
    check() {},
    sign(image, certificate) {
      collect(image, certificate);
      return new Uint8Array(SIGNATURE_SIZE);
    },
  };
}
