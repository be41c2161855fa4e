import { join } from "@std/path";
import { TowerError } from "../errors.ts";
import { SIGNATURE_SUFFIX, SUMS_FILE } from "./file_names.ts";
import { parseSums, type Sums } from "./sums.ts";
import { SUMS_LIMIT } from "./sums_lines.ts";
import type { PublicKey } from "../ssh_signature/public_key.ts";
import { FILE_NAMESPACE, verifyMessage } from "../ssh_signature/signature.ts";
import { exists, readBytes } from "../files/files.ts";

const LIMIT = 64 << 20;
const SIGNATURE_LIMIT = 64 << 10;

/**
 * A folder of artifacts with what tells of them. Each description is read once: what is checked is
 * what is used.
 */
export class ReleaseFolder {
  readonly path: string;
  readonly #bytes = new Map<string, Uint8Array>();

  constructor(path: string) {
    this.path = path;
  }

  /** Where a file of that name lies in it. */
  at(file: string): string {
    return join(this.path, file);
  }

  /** Whether a file of that name lies in it. */
  has(file: string): boolean {
    return exists(this.at(file));
  }

  /** Bytes of a description. @throws {TowerError} `not-found`, `limit` */
  bytes(file: string): Uint8Array {
    let bytes = this.#bytes.get(file);
    if (!bytes) {
      const limit = file === SUMS_FILE ? SUMS_LIMIT : LIMIT;
      this.#bytes.set(file, bytes = readBytes(this.at(file), limit));
    }
    return bytes;
  }

  /** A description as text. @throws {TowerError} as {@linkcode bytes}, and `malformed` */
  text(file: string): string {
    const bytes = this.bytes(file);
    try {
      return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    } catch (cause) {
      const what = `"${this.at(file)}"`;
      throw new TowerError("malformed", `Cannot read ${what}: it is no UTF-8 text`, { cause });
    }
  }

  /** The digests of its files; undefined where there are none. @throws as {@linkcode parseSums} */
  sums(): Sums | undefined {
    if (!this.has(SUMS_FILE)) return undefined;
    return parseSums(this.bytes(SUMS_FILE), this.at(SUMS_FILE));
  }

  /**
   * Checks the signature of a description.
   * @param keys Those that may sign.
   * @returns the one that did
   * @throws {TowerError} `untrusted` where it is missing or another key's
   */
  signerOf(file: string, keys: readonly PublicKey[]): PublicKey {
    const path = this.at(file);
    if (!this.has(file)) {
      throw new TowerError("untrusted", `Cannot trust "${this.path}": ${file} is missing`);
    }
    if (!this.has(file + SIGNATURE_SUFFIX)) {
      throw new TowerError("untrusted", `Cannot trust "${path}": it is not signed`, {
        hint: "sign a build with: tower-build sign DIR --key FILE",
      });
    }
    const signature = readBytes(path + SIGNATURE_SUFFIX, SIGNATURE_LIMIT);
    const signed = { namespace: FILE_NAMESPACE, keys };
    return verifyMessage(
      new TextDecoder().decode(signature),
      `"${path}"`,
      this.bytes(file),
      signed,
    );
  }
}
