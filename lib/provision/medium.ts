import { isMisnamed } from "../boot/card_identity.ts";
import type { HostVolumes } from "../boot/host_volumes.ts";
import { TowerError } from "../errors.ts";
import type { RootFile } from "../format/fat/inject.ts";
import { placedFile } from "../format/fat/placed_file.ts";

/** @throws {TowerError} `io` when a medium does not hold a host's files, or not the root it starts. */
export function requireFiles(volumes: HostVolumes, files: readonly RootFile[]): void {
  for (const { name, bytes } of files) {
    const found = placedFile(volumes.boot, name, bytes.length)?.bytes;
    if (found?.length !== bytes.length || found.some((byte, i) => byte !== bytes[i])) {
      throw new TowerError(
        "io",
        `Cannot trust the medium: its file "${name}" is not what it should be`,
      );
    }
  }
  if (isMisnamed(volumes)) {
    throw new TowerError(
      "io",
      "Cannot trust the medium: its loader names another root than it has",
    );
  }
}
