import { readCertificate } from "../pki/certificate.ts";
import { pemOf } from "../pki/pem.ts";
import type { RsaSigner } from "../pki/rsa_key.ts";
import { selfSigned } from "../pki/self_signed.ts";
import { digestOf } from "../bytes/digest.ts";
import { uuidFrom } from "../format/uuid.ts";
import { authenticatedVariable, type KeyVariable } from "./authenticated_variable.ts";
import { signatureLists } from "./signature_list.ts";

/** Who changes what: the platform key itself and KEK, KEK db, db what may start (UEFI, §32.3). */
export const KEY_VARIABLES = ["PK", "KEK", "db"] as const satisfies readonly KeyVariable[];

/** Where systemd-boot finds a file that enrols keys (systemd-boot(7)), in a tree. */
export function enrolmentPath(name: string): string {
  return `boot/loader/keys/auto/${name}`;
}

/** Whose key signs a variable's new value. */
const SIGNERS = { PK: "PK", KEK: "PK", db: "KEK" } as const satisfies Record<
  KeyVariable,
  KeyVariable
>;

/** What fixes the files of three keys. */
export interface EnrolmentWish {
  /** What the certificates are called, before ` PK` and so on; 1 to 60 characters. */
  readonly name: string;
  /** Seconds since 1970. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** Of the changes of the variables. */
  readonly timestamp: number;
  /** More certificates that may sign what starts, as DER. */
  readonly moreOfDb: readonly Uint8Array[];
}

/**
 * The public files of a platform's own keys, by name: of each key its certificate as PEM (`.crt`) and
 * DER (`.cer`), its signature list (`.esl`) and the signed change that enrols it (`.auth`). The same
 * keys and wish give the same bytes; the owner that lists name comes from the platform key.
 */
export function enrolmentFiles(
  keys: Readonly<Record<KeyVariable, RsaSigner>>,
  { name, notBefore, notAfter, timestamp, moreOfDb }: EnrolmentWish,
): Map<string, Uint8Array> {
  const owner = uuidFrom(`secure boot owner ${digestOf(keys.PK.publicKey)}`);
  const certificate = (variable: KeyVariable) => {
    const wish = { commonName: `${name} ${variable}`, notBefore, notAfter };
    return readCertificate(selfSigned(keys[variable], wish), `certificate of ${variable}`);
  };
  const certificates = {
    PK: certificate("PK"),
    KEK: certificate("KEK"),
    db: certificate("db"),
  };
  const files = new Map<string, Uint8Array>();
  for (const variable of KEY_VARIABLES) {
    const { der } = certificates[variable];
    const listed = [der, ...variable === "db" ? moreOfDb : []];
    const lists = signatureLists(listed.map((certificate) => ({ owner, certificate })));
    const signer = SIGNERS[variable];
    files.set(`${variable}.crt`, new TextEncoder().encode(pemOf(der, "CERTIFICATE")));
    files.set(`${variable}.cer`, der);
    files.set(`${variable}.esl`, lists);
    files.set(
      `${variable}.auth`,
      authenticatedVariable(variable, lists, timestamp, keys[signer], certificates[signer]),
    );
  }
  return files;
}
