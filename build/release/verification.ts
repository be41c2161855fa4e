import type { Digest } from "../../lib/brand.ts";
import { TowerError } from "../../lib/errors.ts";
import { digestOf } from "../../lib/bytes/digest.ts";
import { RECORD_FILE, SIGNED_FILES, SUMS_FILE } from "../../lib/release/file_names.ts";
import { parseArtifacts } from "../../lib/release/record.ts";
import type { PublicKey } from "../../lib/ssh_signature/public_key.ts";
import { hashFileUntil } from "../../lib/files/artifact_file.ts";
import type { Reporter } from "../../lib/report/event.ts";
import { telling } from "../../lib/report/telling.ts";
import type { ReleaseFolder } from "../../lib/release/release_folder.ts";

/** How a file in a build's folder compares with what the build said of it. */
export interface CheckedFile {
  readonly file: string;
  readonly state: "ok" | "changed" | "missing";
}

/**
 * Hashes every file that the record answers for. Where there are digests they must agree with the
 * record, or the two descriptions are of different builds.
 */
export async function checkDigests(
  folder: ReleaseFolder,
  { signal, reporter }: { readonly signal: AbortSignal; readonly reporter: Reporter },
): Promise<CheckedFile[]> {
  const recorded = parseArtifacts(folder.text(RECORD_FILE), folder.at(RECORD_FILE));
  const total = recorded.reduce((sum, { size }) => sum + size, 0);
  const checked: CheckedFile[] = [];
  await telling(reporter, "Hash the files", async (progress) => {
    let done = 0;
    const onRead = (count: number) => progress(done += count, total);
    for (const { file, digest } of recorded) {
      const path = folder.at(file);
      const found = folder.has(file) ? await hashFileUntil(path, signal, onRead) : undefined;
      const state = found === undefined ? "missing" : found === digest ? "ok" : "changed";
      checked.push({ file, state });
    }
  }, "bytes");
  const sums = folder.sums();
  if (sums === undefined) return checked;
  const expected = new Map<string, Digest>([
    ...recorded.map(({ file, digest }) => [file, digest] as const),
    [RECORD_FILE, digestOf(folder.bytes(RECORD_FILE))],
  ]);
  const agree = sums.size === expected.size &&
    [...expected].every(([file, digest]) => sums.digestOf(file) === digest);
  return agree ? checked : [...checked, { file: SUMS_FILE, state: "changed" }];
}

/** @throws {TowerError} `untrusted` when a file is missing or changed */
export function requireGood(folder: ReleaseFolder, checked: readonly CheckedFile[]): void {
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
  folder: ReleaseFolder,
  keys: readonly PublicKey[],
): { readonly file: string; readonly key: PublicKey }[] {
  return SIGNED_FILES.map((file) => ({ file, key: folder.signerOf(file, keys) }));
}
