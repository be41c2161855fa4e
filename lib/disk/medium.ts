import { TowerError } from "../errors.ts";
import type { ByteSink, ByteSource } from "../bytes/bytes.ts";
import { argvAs } from "../fleet/operations/step.ts";
import type { CommandResult, Runner } from "../proc/command.ts";
import { quietWords } from "../proc/quiet_words.ts";
import { fileAccess, slowFileAccess } from "../files/file_access.ts";
import { attempt } from "../files/file_error.ts";
import { createBeside, publish, syncFolder } from "../files/whole_file.ts";
import { parentFolder } from "../files/folders.ts";
import { requireReplaceable } from "./new_file.ts";

/** What an image is written to: a device, or a file that gets its name when it is whole. */
export interface Medium extends ByteSource, ByteSink, Disposable {
  /** Whether all that was never written reads as zeros. */
  readonly isBlank: boolean;
  /** As `readAt` and `writeAt`, beside work on other media. One at a time. */
  read(offset: number, into: Uint8Array): Promise<number>;
  write(offset: number, bytes: Uint8Array): Promise<void>;
  /** Brings all bytes to the medium, and makes later reads come from there. */
  flush(): Promise<void>;
  /** Called when all of it was found right. */
  commit(): Promise<void>;
}

/** A new image file, which its user alone can read: it carries keys. */
export function fileMedium(path: string, size: number): Medium {
  const { file, path: temporary, ...rest } = attempt("write", path, () => createBeside(path));
  attempt("write", path, () => {
    Deno.chmodSync(temporary, 0o600);
    file.truncateSync(size);
  });
  let isOpen = true;
  const { read, write, sync } = slowFileAccess(file, path);
  return {
    ...fileAccess(file, path),
    size,
    isBlank: true,
    read,
    write,
    flush: sync,
    async commit() {
      await sync();
      attempt("write", path, () => {
        requireReplaceable(path);
        publish(temporary, path, 0o600);
        syncFolder(parentFolder(path));
      });
      isOpen = false;
      file.close();
    },
    [Symbol.dispose]() {
      if (isOpen) attempt("remove", temporary, rest[Symbol.dispose]);
      isOpen = false;
    },
  };
}

/** A block device that stays the same one while it is open, whatever its path names by then. */
export interface OpenDevice extends Disposable {
  readonly path: string;
  readonly file: Deno.FsFile;
  /** @throws {TowerError} `conflict` when the path names another device now. */
  requireStill(): void;
}

/**
 * Opens a device to write, and locks it, which keeps udev and other programs of this kind off it.
 * @param number `major:minor` that it must have.
 * @throws {TowerError} `conflict` when it has another, `permission`
 */
export function openDevice(path: string, number: string): OpenDevice {
  const file = attempt("open", path, () => Deno.openSync(path, { read: true, write: true }));
  const requireNumber = (state: Deno.FileInfo) => {
    if (state.isBlockDevice && numberOf(state.rdev ?? 0) === number) return;
    throw new TowerError("conflict", `Cannot use "${path}": it is another device now`);
  };
  try {
    requireNumber(file.statSync());
    attempt("lock", path, () => {
      if (!file.tryLockSync(true)) throw new Error("another program has locked it");
    });
  } catch (error) {
    file.close();
    throw error;
  }
  let isOpen = true;
  return {
    path,
    file,
    requireStill: () => requireNumber(attempt("look at", path, () => Deno.statSync(path))),
    [Symbol.dispose]() {
      if (isOpen) file.close();
      isOpen = false;
    },
  };
}

/** As makedev(3) of Linux packs it, for numbers of 32 bits. */
function numberOf(rdev: number): string {
  return `${(rdev >>> 8) & 0xfff}:${(rdev & 0xff) | ((rdev >>> 12) & 0xfff00)}`;
}

/**
 * A block device as a medium. O_EXCL, by which the kernel refuses what is in use, cannot be asked
 * for here (Deno adds O_CREAT to it). Instead the partition table is read anew first, which the
 * kernel refuses while the device or a partition is in use.
 *
 * @param asRoot {@linkcode rootWords}
 */
export async function deviceMedium(
  device: OpenDevice,
  size: number,
  runner: Runner,
  asRoot: readonly string[],
): Promise<Medium> {
  const { path, file } = device;
  const blockdev = async (option: string, okCodes = [0]) => {
    device.requireStill();
    return await runner.run({ argv: argvAs(asRoot, ["blockdev", option, path]), okCodes });
  };
  await rereadTable(blockdev);
  const { read, write, sync } = slowFileAccess(file, path);
  const flush = async () => {
    await sync();
    await blockdev("--flushbufs");
  };
  return {
    ...fileAccess(file, path),
    size,
    isBlank: false,
    read,
    write,
    flush,
    async commit() {
      await flush();
      await blockdev("--rereadpt", [0, 1]);
    },
    [Symbol.dispose]: () => device[Symbol.dispose](),
  };
}

/** A device without partitions, such as a plain loop device, has no table to read: EINVAL. */
async function rereadTable(
  blockdev: (option: string, okCodes?: number[]) => Promise<CommandResult>,
): Promise<void> {
  const { ending, stderr } = await blockdev("--rereadpt", [0, 1]);
  const isBusy = /busy/i.test(new TextDecoder().decode(stderr));
  if (ending.kind === "exited" && ending.code === 0 || !isBusy) return;
  await blockdev("--rereadpt");
}

/**
 * What makes blockdev root's: whether a device is in use, and what it really holds, the kernel tells
 * nobody else, whoever may write it (CAP_SYS_ADMIN for BLKRRPART and BLKFLSBUF).
 * @throws {TowerError} `permission`
 */
export async function rootWords(path: string, runner: Runner): Promise<readonly string[]> {
  const words = Deno.uid() === 0 ? [] : await quietWords(runner);
  if (words !== undefined) return words;
  throw new TowerError(
    "permission",
    `Cannot write "${path}": only root is told whether it is in use`,
    {
      hint: "run this as root, or let doas or sudo run blockdev without a question",
    },
  );
}
