import { join } from "@std/path";
import { TowerError } from "../../lib/errors.ts";
import { digestOf, hexOf } from "../../lib/bytes/digest.ts";
import { SIGNATURE_SUFFIX, SUMS_FILE } from "../../lib/release/file_names.ts";
import { formatSums } from "../../lib/release/sums.ts";
import { hashFile } from "../../lib/files/artifact_file.ts";
import {
  makeDir,
  readBytes,
  readText,
  removeTree,
  writeFileAtomic,
} from "../../lib/files/files.ts";
import { readPrivateKeyFile } from "../../lib/ssh_signature/private_key.ts";
import { FILE_NAMESPACE, signMessage } from "../../lib/ssh_signature/signature.ts";
import type { Runner } from "../../lib/proc/command.ts";
import type { ProgramRecord } from "./record.ts";

/** Most bytes of an archive. */
const ARCHIVE_LIMIT = 32_000_000;

/**
 * Refuses programs that no user should get.
 *
 * @throws {TowerError} `unsupported` for those that nobody could make again.
 */
export function assertReleasable(records: readonly ProgramRecord[]): void {
  const changed = records.filter(({ commit }) => !/^[0-9a-f]{40}$/.test(commit));
  if (changed.length > 0) {
    throw new TowerError("unsupported", "Cannot release: the sources are no commit of git", {
      hint: "commit all changes first",
    });
  }
}

/**
 * Makes `FILE.tar.xz` of a program, its record and its notices; the same input gives the same
 * bytes with the same xz.
 *
 * @param folder Where the files lie, and the archive goes.
 * @returns The archive's name.
 */
export async function archiveProgram(
  { file, target, program, version }: ProgramRecord,
  folder: string,
  runner: Runner,
): Promise<string> {
  for (const tool of ["tar", "xz"]) {
    if (runner.which(tool) === undefined) {
      throw new TowerError("tool", `Cannot make an archive: no ${tool}`, {
        hint: "run: sudo apt-get install tar xz-utils",
      });
    }
  }
  const name = `${file}.tar.xz`, inside = `${program}-${version}-${target}`;
  const work = join(folder, `${file}.partial`), tree = join(work, inside);
  try {
    makeDir(tree);
    const members = [[file, program], [`${file}.json`, `${program}.json`], [
      `NOTICES-${target}`,
      "NOTICES",
    ]] as const;
    for (const [from, to] of members) {
      const mode = to === program ? 0o755 : 0o644;
      writeFileAtomic(join(tree, to), readBytes(join(folder, from), 256 << 20), mode);
    }
    await runner.run({
      argv: [
        ...["tar", "--sort=name", "--owner=0", "--group=0", "--numeric-owner"] as const,
        ...["--mtime=@0", "--format=ustar", "-cf", "program.tar", inside],
      ],
      cwd: work,
    });
    // One thread: xz splits its blocks by their number. No filter for machine code, though it saves
    // 1 MB: the unxz of busybox, which is all that a bare Alpine has, does not know it.
    await runner.run({ argv: ["xz", "-T1", "-9", "program.tar"], cwd: work });
    const bytes = readBytes(join(work, "program.tar.xz"), 256 << 20);
    if (bytes.length > ARCHIVE_LIMIT) {
      throw new TowerError("limit", `Cannot release ${name}: it has ${bytes.length} bytes`);
    }
    writeFileAtomic(join(folder, name), bytes);
    return name;
  } finally {
    removeTree(work);
  }
}

/** What programs are made of, in SPDX 2.3. */
export function sbomOf(records: readonly ProgramRecord[]): string {
  const document = `tower-${records[0]!.version}-${records[0]!.commit}`;
  const idOf = (...parts: string[]) => `SPDXRef-${parts.join("-").replace(/[^A-Za-z0-9.-]/g, "-")}`;
  const programs = records.map((r) => ({
    SPDXID: idOf(r.file),
    name: r.program,
    versionInfo: r.version,
    packageFileName: r.file,
    downloadLocation: "NOASSERTION",
    checksums: [{ algorithm: "SHA256", checksumValue: r.sha256 }],
    licenseDeclared: "Apache-2.0",
  }));
  const parts = new Map<string, Record<string, unknown>>();
  const relationships: Record<string, string>[] = [];
  for (const r of records) {
    const embedded = [
      { ...r.runtime, name: r.runtime.kind, license: "MIT" },
      ...r.packages.map((p) => ({ ...p, license: "NOASSERTION" })),
    ];
    for (const { name, version, sha256, license } of embedded) {
      const SPDXID = idOf(name, version, r.target);
      parts.set(SPDXID, {
        SPDXID,
        name,
        versionInfo: version,
        downloadLocation: "NOASSERTION",
        checksums: [{ algorithm: "SHA256", checksumValue: sha256 }],
        licenseDeclared: license,
      });
      relationships.push({
        spdxElementId: idOf(r.file),
        relationshipType: "CONTAINS",
        relatedSpdxElement: SPDXID,
      });
    }
  }
  return JSON.stringify(
    {
      spdxVersion: "SPDX-2.3",
      dataLicense: "CC0-1.0",
      SPDXID: "SPDXRef-DOCUMENT",
      name: document,
      documentNamespace: `urn:sha256:${hexOf(digestOf(JSON.stringify(records)))}`,
      // No clock reaches an output; SPDX wants a time.
      creationInfo: { created: "1970-01-01T00:00:00Z", creators: ["Tool: tower-release"] },
      packages: [...programs, ...parts.values()],
      relationships: [
        ...records.map((r) => ({
          spdxElementId: "SPDXRef-DOCUMENT",
          relationshipType: "DESCRIBES",
          relatedSpdxElement: idOf(r.file),
        })),
        ...relationships,
      ],
    },
    null,
    2,
  ) + "\n";
}

/**
 * Writes SHA256SUMS of all files anew, and its signature in OpenSSH's format, which
 * `ssh-keygen -Y verify -n file` checks.
 *
 * @param key Path of an Ed25519 key of ssh-keygen(1).
 */
export function signSums(folder: string, names: readonly string[], key: string): void {
  const sums = names.map((file) => ({ file, digest: hashFile(join(folder, file)) }));
  const text = new TextEncoder().encode(formatSums(sums));
  const file = readPrivateKeyFile(readText(key, 64 << 10), key);
  if (file.kind !== "ed25519") {
    throw new TowerError("unsupported", `Cannot sign with "${key}": ${file.why}`, {
      hint: "make one without a passphrase: ssh-keygen -t ed25519 -N '' -f FILE",
    });
  }
  writeFileAtomic(join(folder, SUMS_FILE), text);
  const signature = signMessage(file, FILE_NAMESPACE, text);
  writeFileAtomic(join(folder, SUMS_FILE + SIGNATURE_SUFFIX), new TextEncoder().encode(signature));
}
