import type { Env } from "../../lib/env.ts";
import type { Digest } from "../../lib/brand.ts";
import { TowerError } from "../../lib/errors.ts";
import { digestOf } from "../../lib/bytes/digest.ts";
import { RECORD_FILE, SIGNED_FILES, SUMS_FILE } from "../../lib/release/file_names.ts";
import { parseArtifacts } from "../../lib/release/record.ts";
import { contradictedBy, describedContents } from "./image_contents.ts";
import type { PublicKey } from "../../lib/ssh_signature/public_key.ts";
import { hashFileUntil } from "../../lib/files/artifact_file.ts";
import type { Reporter } from "../../lib/report/event.ts";
import { telling } from "../../lib/report/telling.ts";
import type { ReleaseFolder } from "../../lib/release/release_folder.ts";

/** How a file in a build's folder compares with what the build said of it. */
export type CheckedFile =
  | { readonly file: string; readonly state: "ok" | "changed" | "missing" }
  /** Its own bytes are those of the record; what they hold is not what the file `by` says of it. */
  | { readonly file: string; readonly state: "contradicted"; readonly by: string };

/** What was found of a file, as the end of a sentence that begins with its name. */
export function describeState(checked: CheckedFile): string {
  return checked.state === "contradicted" ? `not what ${checked.by} says` : checked.state;
}

/**
 * Hashes every file that the record answers for, and reads what is in those of which it says that
 * too. Where there are digests they must agree with the record, or the two descriptions are of
 * different builds.
 */
export async function checkFiles(
  folder: ReleaseFolder,
  { reporter, ...env }: Pick<Env, "runner" | "signal"> & { readonly reporter: Reporter },
): Promise<CheckedFile[]> {
  const { artifacts, companions } = parseArtifacts(
    folder.text(RECORD_FILE),
    folder.at(RECORD_FILE),
  );
  const recorded = [...artifacts, ...companions];
  const total = recorded.reduce((sum, { size }) => sum + size, 0);
  const checked: CheckedFile[] = [];
  await telling(reporter, "Hash the files", async (progress) => {
    let done = 0;
    const onRead = (count: number) => progress(done += count, total);
    for (const { file, digest } of recorded) {
      const path = folder.at(file);
      const found = folder.has(file) ? await hashFileUntil(path, env.signal, onRead) : undefined;
      const state = found === undefined ? "missing" : found === digest ? "ok" : "changed";
      checked.push({ file, state });
    }
  }, "bytes");
  const isGood = (file: string) => checked.some((c) => c.file === file && c.state === "ok");
  for (const described of describedContents(artifacts, companions)) {
    const { artifact: { file }, map } = described;
    if (!isGood(file) || (map !== undefined && !isGood(map.file))) continue;
    const by = await telling(
      reporter,
      `Read what is in ${file}`,
      () => contradictedBy(folder, described, env),
    );
    const at = checked.findIndex((c) => c.file === file);
    if (by !== undefined) checked[at] = { file, state: "contradicted", by };
  }
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

/** @throws {TowerError} `untrusted` when a file is missing, changed or not what another says of it */
export function requireGood(folder: ReleaseFolder, checked: readonly CheckedFile[]): void {
  const bad = checked.filter((c) => c.state !== "ok");
  if (bad.length === 0) return;
  throw new TowerError(
    "untrusted",
    `Cannot trust "${folder.path}": ${
      bad.map((b) => `${b.file} is ${describeState(b)}`).join(", ")
    }`,
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
