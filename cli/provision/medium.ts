import { bootPartition, type Disk, putBootFile } from "../../lib/boot/boot_partition.ts";
import { giveIdentity, isMisnamed } from "../../lib/boot/card_identity.ts";
import { describeDevice, inspectDevice, isSameDevice, refusals } from "../../lib/disk/devices.ts";
import {
  type Card,
  compare,
  eachCard,
  flash,
  type FlashOptions,
  zero,
} from "../../lib/disk/flash.ts";
import type { ImagePieces } from "../../lib/disk/image_pieces.ts";
import { deviceMedium, fileMedium, type Medium, openDevice } from "../../lib/disk/medium.ts";
import { requireFilePlace } from "../../lib/disk/new_file.ts";
import type { Env } from "../../lib/env.ts";
import { TowerError } from "../../lib/errors.ts";
import type { RootFile } from "../../lib/format/fat/inject.ts";
import { placedFile } from "../../lib/format/fat/placed_file.ts";
import type { Uuid } from "../../lib/format/uuid.ts";
import type { Reporter } from "../../lib/report/event.ts";
import { exists, realPath } from "../../lib/store/files.ts";
import type { HostImage } from "./image.ts";
import type { Target } from "./request.ts";

/** A target that may be written to, in words for the user. */
export interface CheckedTarget {
  readonly description: string;
  /** The same for two targets that are one. */
  readonly identity: string;
  /** Bytes of the device; those of the image for a file. */
  readonly size: number;
  /** Looks again, and begins to write. @throws {TowerError} `conflict` when it has changed. */
  open(): Promise<Medium>;
}

/**
 * Finds out all that speaks against writing to a target; changes nothing. A device stays open and
 * locked with `owned`.
 *
 * @throws {TowerError} `conflict` with every reason not to write to a device.
 */
export async function checkTarget(
  target: Target,
  image: HostImage,
  env: Pick<Env, "runner">,
  owned: DisposableStack,
): Promise<CheckedTarget> {
  return target.kind === "file"
    ? checkFile(target.path, image)
    : await checkDevice(target, image, env, owned);
}

function checkFile(wanted: string, image: HostImage): CheckedTarget {
  const path = requireFilePlace(wanted);
  if (exists(path) && realPath(path) === realPath(image.path)) {
    throw new TowerError("conflict", `Cannot write "${path}": it is the image itself`);
  }
  return {
    description: `${exists(path) ? "file, which is replaced," : "new file"} ${path}`,
    identity: path,
    size: image.size,
    open: () => Promise.resolve(fileMedium(path, image.size)),
  };
}

async function checkDevice(
  { path: named, allowFixed }: Target & { kind: "device" },
  image: HostImage,
  { runner }: Pick<Env, "runner">,
  owned: DisposableStack,
): Promise<CheckedTarget> {
  if (runner.which("blockdev") === undefined) {
    throw new TowerError("tool", `Cannot write "${named}": there is no program "blockdev"`, {
      hint: "Debian: apt-get install util-linux; Alpine: apk add blockdev",
    });
  }
  const path = realPath(named);
  const look = async () => {
    const device = await inspectDevice(runner, path);
    const reasons = refusals(device, { size: image.size, allowFixed });
    if (reasons.length === 0) return device;
    throw new TowerError(
      "conflict",
      `Cannot write to ${describeDevice(device)}: ${reasons.join("; ")}`,
    );
  };
  const device = await look();
  const opened = owned.use(openDevice(path, device.number));
  return {
    description: describeDevice(device),
    identity: device.number,
    size: device.size,
    async open() {
      // The user took time to answer, and others had it too.
      const now = await look();
      if (!isSameDevice(device, now)) {
        throw new TowerError(
          "conflict",
          `Cannot write to ${describeDevice(now)}: it was ${
            describeDevice(device)
          } when you were ` +
            "asked, or another medium was in it",
        );
      }
      return await deviceMedium(opened, device.size, runner);
    },
  };
}

/** A medium and what makes a host of it. */
export interface HostCard extends Card {
  readonly files: readonly RootFile[];
  /** Whether the whole medium is to be zeroed first. */
  readonly isZeroed: boolean;
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
  const step = async (
    id: string,
    title: string,
    work: (cards: readonly Card[], options: FlashOptions) => Promise<void>,
    which: (card: HostCard) => boolean = () => true,
  ) => {
    const good = cards.filter((card) => card.failure === undefined && which(card));
    if (good.length === 0) return;
    reporter.report({ type: "step", id, title, unit: "bytes" });
    const onProgress = (done: number, total: number) =>
      reporter.report({ type: "progress", id, done, total });
    await work(good, { signal, onProgress });
    reporter.report({ type: "done", id });
  };
  await step("zero", "zero the device", zero, ({ isZeroed }) => isZeroed);
  await step("write", "write the image", (good, options) => flash(image, good, options));
  await step("compare", "read it back", (good, options) => compare(image, good, options));
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
