import { bootPartition, type Disk, putBootFile } from "../../lib/boot/boot_partition.ts";
import { describeDevice, inspectDevice, refusals } from "../../lib/disk/devices.ts";
import { compare, flash, type FlashOptions, zero } from "../../lib/disk/flash.ts";
import { deviceMedium, fileMedium, type Medium } from "../../lib/disk/medium.ts";
import type { Env } from "../../lib/env.ts";
import { TowerError } from "../../lib/errors.ts";
import type { RootFile } from "../../lib/format/fat/inject.ts";
import { readRootFile } from "../../lib/format/fat/root_file.ts";
import type { Reporter } from "../../lib/report/event.ts";
import { openDisk } from "../../lib/store/disk_file.ts";
import { exists, realPath } from "../../lib/store/files.ts";
import type { HostImage } from "./image.ts";
import type { Target } from "./request.ts";

/** A target that may be written to, in words for the user. */
export interface CheckedTarget {
  readonly description: string;
  /** Bytes of the device; those of the image for a file. */
  readonly size: number;
  open(): Promise<Medium>;
}

/** @throws {TowerError} `conflict` with every reason not to write to a device. */
export async function checkTarget(
  target: Target,
  image: HostImage,
  { runner }: Pick<Env, "runner">,
): Promise<CheckedTarget> {
  if (target.kind === "file") {
    const { path } = target;
    if (exists(path) && realPath(path) === realPath(image.path)) {
      throw new TowerError("conflict", `Cannot write "${path}": it is the image itself`);
    }
    return {
      description: `${exists(path) ? "file, which is replaced," : "new file"} ${path}`,
      size: image.size,
      open: () => Promise.resolve(fileMedium(path, image.size)),
    };
  }
  const path = realPath(target.path);
  const device = await inspectDevice(runner, path);
  const reasons = refusals(device, { size: image.size, allowFixed: target.allowFixed });
  if (reasons.length > 0) {
    throw new TowerError(
      "conflict",
      `Cannot write to ${describeDevice(device)}: ${reasons.join("; ")}`,
    );
  }
  return {
    description: describeDevice(device),
    size: device.size,
    open: () => deviceMedium(path, device.size, runner),
  };
}

/** Writes the image and the host's own files, and reads all of it back. */
export async function writeMedium(
  image: HostImage,
  medium: Medium,
  files: readonly RootFile[],
  { signal, reporter, isZeroed }: {
    readonly signal: AbortSignal;
    readonly reporter: Reporter;
    /** Whether the whole medium is to be zeroed first. */
    readonly isZeroed: boolean;
  },
): Promise<void> {
  using source = openDisk(image.path, "read");
  const step = async (id: string, title: string, work: (o: FlashOptions) => Promise<void>) => {
    reporter.report({ type: "step", id, title, unit: "bytes" });
    const onProgress = (done: number, total: number) =>
      reporter.report({ type: "progress", id, done, total });
    await work({ signal, onProgress });
    reporter.report({ type: "done", id });
  };
  if (isZeroed) await step("zero", "zero the device", (o) => zero(medium, o));
  await step("write", "write the image", (o) => flash(source, medium, image.extents, o));
  await step("compare", "read it back", (o) => compare(source, medium, image.extents, o));
  for (const file of files) putBootFile(medium, file);
  await medium.flush();
  requireFiles(medium, files);
}

/** @throws {TowerError} `io` when a medium does not hold a host's files. */
export function requireFiles(medium: Disk, files: readonly RootFile[]): void {
  const boot = bootPartition(medium);
  for (const { name, bytes } of files) {
    const found = readRootFile(boot, name, bytes.length);
    if (found?.length !== bytes.length || found.some((byte, i) => byte !== bytes[i])) {
      throw new TowerError(
        "io",
        `Cannot trust the medium: its file "${name}" is not what it should be`,
      );
    }
  }
}
