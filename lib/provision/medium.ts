import { bootPartition, type Disk, putBootFile } from "../boot/boot_partition.ts";
import { giveIdentity, isMisnamed } from "../boot/card_identity.ts";
import { eachCard } from "../disk/flash.ts";
import type { ImagePieces } from "../disk/image_pieces.ts";
import { type BlankedCard, writeImage } from "../disk/write_image.ts";
import { TowerError } from "../errors.ts";
import type { RootFile } from "../format/fat/inject.ts";
import { placedFile } from "../format/fat/placed_file.ts";
import type { Uuid } from "../format/uuid.ts";
import type { Reporter } from "../report/event.ts";

/** A medium and what makes a host of it. */
export interface HostCard extends BlankedCard {
  readonly files: readonly RootFile[];
}

/** Another program's image. */
const UNNAMED = {
  type: "warning",
  message: "the image's loader names no root by UUID: cards of it can be taken for each other",
} as const;

/**
 * Writes an image, each host's own files and a name of its own for each card's file systems, and
 * reads all of it back. A card's own fault stays with it.
 * @throws {TowerError} what is wrong with the image, for all of them.
 */
export async function writeCards(
  image: ImagePieces,
  cards: readonly HostCard[],
  { signal, reporter }: { readonly signal: AbortSignal; readonly reporter: Reporter },
): Promise<void> {
  await writeImage(image, cards, { signal, reporter });
  await eachCard(cards, async (medium, { files }) => {
    for (const file of files) putBootFile(medium, file);
    if (!giveIdentity(medium, crypto.randomUUID() as Uuid)) reporter.report(UNNAMED);
    await medium.flush();
    requireFiles(medium, files);
  });
  signal.throwIfAborted();
}

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
