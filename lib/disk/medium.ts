import type { ByteSink, ByteSource } from "../format/bytes.ts";
import type { Runner } from "../proc/command.ts";
import { fileAccess, slowFileAccess } from "../store/file_access.ts";
import { attempt } from "../store/file_error.ts";
import { createBeside, publish, syncFolder } from "../store/whole_file.ts";
import { parentFolder } from "../store/folders.ts";

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

/**
 * A block device. O_EXCL, by which the kernel refuses what is mounted, cannot be asked for here
 * (Deno adds O_CREAT to it). Instead the partition table is read anew first, which the kernel
 * refuses while a partition is in use, and the device is locked, which keeps udev off it.
 */
export async function deviceMedium(path: string, size: number, runner: Runner): Promise<Medium> {
  const blockdev = (option: string, okCodes = [0]) =>
    runner.run({ argv: ["blockdev", option, path], okCodes });
  await rereadTable(path, runner);
  const file = attempt("open", path, () => Deno.openSync(path, { read: true, write: true }));
  attempt("lock", path, () => {
    if (!file.tryLockSync(true)) throw new Error("another program has locked it");
  });
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
    [Symbol.dispose]: () => file.close(),
  };
}

/** A device without partitions, such as a plain loop device, has no table to read: EINVAL. */
async function rereadTable(path: string, runner: Runner): Promise<void> {
  const { ending, stderr } = await runner.run({
    argv: ["blockdev", "--rereadpt", path],
    okCodes: [0, 1],
  });
  const isBusy = /busy/i.test(new TextDecoder().decode(stderr));
  if (ending.kind === "exited" && ending.code === 0 || !isBusy) return;
  await runner.run({ argv: ["blockdev", "--rereadpt", path] });
}
