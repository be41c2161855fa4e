import type { Env } from "../env.ts";
import { TowerError } from "../errors.ts";
import { exists, realPath } from "../files/files.ts";
import { describeDevice, inspectDevice, isSameDevice, refusals } from "./devices.ts";
import { deviceMedium, fileMedium, type Medium, openDevice, rootWords } from "./medium.ts";
import { requireFilePlace } from "./new_file.ts";

/** Where the image goes. */
export type Target =
  | {
    readonly kind: "device";
    readonly path: string;
    readonly allowFixed: boolean;
    readonly zero: boolean;
  }
  | { readonly kind: "file"; readonly path: string };

/** What a target must know of an image: its file, and the bytes of its disk. */
export interface TargetImage {
  readonly path: string;
  readonly size: number;
}

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
  image: TargetImage,
  env: Pick<Env, "runner">,
  owned: DisposableStack,
): Promise<CheckedTarget> {
  return target.kind === "file"
    ? checkFile(target.path, image)
    : await checkDevice(target, image, env, owned);
}

function checkFile(wanted: string, image: TargetImage): CheckedTarget {
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
  image: TargetImage,
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
  const asRoot = await rootWords(path, runner);
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
      return await deviceMedium(opened, device.size, runner, asRoot);
    },
  };
}
