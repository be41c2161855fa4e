import type { Digest } from "../lib/brand.ts";
import { TowerError } from "../lib/errors.ts";
import { digestOf } from "../lib/bytes/digest.ts";
import { type PublicKey } from "../lib/ssh_signature/public_key.ts";
import { FILE_NAMESPACE, verifyMessage } from "../lib/ssh_signature/signature.ts";
import { hashFileUntil } from "../lib/files/artifact_file.ts";
import { exists, readBytes } from "../lib/files/files.ts";
import { join } from "@std/path";
import {
  RECORD_FILE,
  SIGNATURE_SUFFIX,
  SIGNED_FILES,
  SUMS_FILE,
} from "../lib/release/file_names.ts";
import { parseArtifacts } from "../lib/release/record.ts";
import { parseSums } from "../lib/release/sums.ts";

const LIMIT = 64 << 20;
const SIGNATURE_LIMIT = 64 << 10;

/** How a file in a build's folder compares with what the build said of it. */
export interface CheckedFile {
  readonly file: string;
  readonly state: "ok" | "changed" | "missing";
}

/** A build's folder, its two descriptions read once: what is checked is what is used. */
export class BuildFolder {
  readonly path: string;
  readonly #bytes = new Map<string, Uint8Array>();

  constructor(path: string) {
    this.path = path;
  }

  /** Bytes of a description. @throws {TowerError} `not-found` */
  bytes(file: string): Uint8Array {
    let bytes = this.#bytes.get(file);
    if (!bytes) this.#bytes.set(file, bytes = readBytes(join(this.path, file), LIMIT));
    return bytes;
  }

  text(file: string): string {
    try {
      return new TextDecoder("utf-8", { fatal: true }).decode(this.bytes(file));
    } catch (cause) {
      if (cause instanceof TowerError) throw cause;
      const path = join(this.path, file);
      throw new TowerError("malformed", `Cannot read "${path}": it is no UTF-8 text`, { cause });
    }
  }

  /** Whether a file of that name lies in it. */
  has(file: string): boolean {
    return exists(join(this.path, file));
  }
}

/**
 * Hashes every file that the record answers for. Where there are digests they must agree with the
 * record, or the two descriptions are of different builds.
 */
export async function checkDigests(
  folder: BuildFolder,
  signal: AbortSignal,
): Promise<CheckedFile[]> {
  const recordPath = join(folder.path, RECORD_FILE);
  const recorded = parseArtifacts(folder.text(RECORD_FILE), recordPath);
  const checked: CheckedFile[] = [];
  for (const { file, digest } of recorded) {
    checked.push(await checkFile(folder, file, digest, signal));
  }
  if (!folder.has(SUMS_FILE)) return checked;
  const sums = parseSums(folder.text(SUMS_FILE), join(folder.path, SUMS_FILE));
  const expected = new Map<string, Digest>([
    ...recorded.map(({ file, digest }) => [file, digest] as const),
    [RECORD_FILE, digestOf(folder.bytes(RECORD_FILE))],
  ]);
  const agree = sums.length === expected.size &&
    sums.every(({ file, digest }) => expected.get(file) === digest);
  return agree ? checked : [...checked, { file: SUMS_FILE, state: "changed" }];
}

async function checkFile(
  folder: BuildFolder,
  file: string,
  digest: Digest,
  signal: AbortSignal,
): Promise<CheckedFile> {
  const path = join(folder.path, file);
  const found = exists(path) ? await hashFileUntil(path, signal) : undefined;
  return { file, state: found === undefined ? "missing" : found === digest ? "ok" : "changed" };
}

/** @throws {TowerError} `untrusted` when a file is missing or changed */
export function requireGood(folder: BuildFolder, checked: readonly CheckedFile[]): void {
  const bad = checked.filter((c) => c.state !== "ok");
  if (bad.length === 0) return;
  throw new TowerError(
    "untrusted",
    `Cannot trust "${folder.path}": ${bad.map((b) => `${b.file} is ${b.state}`).join(", ")}`,
  );
}

/**
 * Checks the signatures of record and digests.
 * @returns the key that made each
 * @throws {TowerError} `untrusted` when one is missing or not of a trusted key
 */
export function checkSignatures(
  folder: BuildFolder,
  keys: readonly PublicKey[],
): { readonly file: string; readonly key: PublicKey }[] {
  return SIGNED_FILES.map((file) => {
    const path = join(folder.path, file + SIGNATURE_SUFFIX);
    if (!folder.has(file)) {
      throw new TowerError("untrusted", `Cannot trust "${folder.path}": ${file} is missing`);
    }
    if (!exists(path)) {
      throw new TowerError("untrusted", `Cannot trust "${folder.path}": ${file} is not signed`, {
        hint: "sign a build with: tower-build sign DIR --key FILE",
      });
    }
    const text = new TextDecoder().decode(readBytes(path, SIGNATURE_LIMIT));
    const what = `"${join(folder.path, file)}"`;
    const key = verifyMessage(text, what, folder.bytes(file), { namespace: FILE_NAMESPACE, keys });
    return { file, key };
  });
}
