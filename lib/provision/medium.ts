import { bootPartition, type Disk } from "../boot/boot_partition.ts";
import { isMisnamed } from "../boot/card_identity.ts";
import { TowerError } from "../errors.ts";
import type { RootFile } from "../format/fat/inject.ts";
import { placedFile } from "../format/fat/placed_file.ts";

/** @throws {TowerError} `io` when a medium does not hold a host's files, or not the root it starts. */
export function requireFiles(medium: Disk, files: readonly RootFile[]): void {
  const boot = bootPartition(medium);
  for (const { name, bytes } of files) {
    const found = placedFile(boot, name, bytes.length)?.bytes;
    if (found?.length !== bytes.length || found.some((byte, i) => byte !== bytes[i])) {
      throw new TowerError(
        "io",
        `Cannot trust the medium: its file "${name}" is not what it should be`,
      );
    }
  }
  if (isMisnamed(medium)) {
    throw new TowerError(
      "io",
      "Cannot trust the medium: its loader names another root than it has",
    );
  }
}
