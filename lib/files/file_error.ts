import { TowerError } from "../errors.ts";

/** What helps a full disk; a program may know more of it. */
export const FULL_DISK_HINT = "Free some space, or choose another folder";

/** What helps who may not write; a program may know more of it. */
export const NO_WRITING_HINT = "Choose a folder that you may write to";
/** What changes nothing: another folder would not do. */
const READING = /^(read|list|look|find|open)/;

/** What the kernel's error numbers (errno(3)) mean to a user. */
const MEANINGS: Readonly<Record<string, ConstructorParameters<typeof TowerError>>> = {
  ENOENT: ["not-found", "there is no such file or folder"],
  ENOTDIR: ["not-found", "a part of the path is no folder"],
  EISDIR: ["not-found", "it is a folder"],
  ELOOP: ["not-found", "its symbolic links form a loop"],
  EEXIST: ["conflict", "it exists"],
  EACCES: ["permission", "permission denied"],
  EPERM: ["permission", "the system forbids it"],
  EROFS: ["permission", "the file system is read-only"],
  ENOSPC: ["no-space", "the disk is full", {
    hint: FULL_DISK_HINT,
  }],
  EDQUOT: ["no-space", "the disk quota is used up", {
    hint: FULL_DISK_HINT,
  }],
  EFBIG: ["no-space", "the file system takes no file of that size"],
};

/**
 * An error of a file operation as one for the user: `Cannot <action> "<path>": <cause>`.
 * What is a {@linkcode TowerError} already stays as it is.
 */
export function fileError(action: string, path: string, cause: unknown): TowerError {
  if (cause instanceof TowerError) return cause;
  const number = cause instanceof Error ? (cause as { code?: unknown }).code : undefined;
  const meaning = typeof number === "string" ? MEANINGS[number] : undefined;
  if (meaning === undefined) {
    return new TowerError("io", `Cannot ${action} "${path}"`, { cause });
  }
  const [code, text, options] = meaning;
  const isForbidden = code === "permission" && !READING.test(action);
  // The system's own words would say the same again.
  return new TowerError(code, `Cannot ${action} "${path}": ${text}`, {
    ...options,
    ...isForbidden ? { hint: NO_WRITING_HINT } : {},
  });
}

/** Does a file operation; its failure becomes a {@linkcode TowerError}. */
export function attempt<T>(action: string, path: string, operation: () => T): T {
  try {
    return operation();
  } catch (cause) {
    throw fileError(action, path, cause);
  }
}

/** Whether an error says that there is no such file. */
export function isMissing(error: unknown): boolean {
  return error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory;
}
