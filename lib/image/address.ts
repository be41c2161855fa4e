import { TowerError } from "../errors.ts";

/** One step into an image: a partition by number or name, or a file that is an image itself. */
export type Step =
  | { readonly kind: "partition"; readonly name: string }
  | { readonly kind: "file"; readonly path: string };

/** A place in an image: `card.img:2`, `card.img:root`, `medium.iso:/boot/root.squashfs`. */
export interface Address {
  readonly image: string;
  readonly steps: readonly Step[];
}

/** Images in images: a system in a squashfs on a partition of a compressed disk takes two. */
const MOST_STEPS = 8;

/**
 * Reads an address: colons lead inside. A file whose name has colons is named as any other, as the
 * longest beginning that is a file counts.
 *
 * @param isThere Whether a path is a file.
 * @throws {TowerError} `not-found` where no beginning is one, `usage` for a step that is empty
 */
export function parseAddress(text: string, isThere: (path: string) => boolean): Address {
  const parts = text.split(":");
  for (let length = parts.length; length > 0; length--) {
    const image = parts.slice(0, length).join(":");
    if (image === "" || !isThere(image)) continue;
    return { image, steps: parts.slice(length).map((part) => stepOf(part, text)) };
  }
  throw new TowerError("not-found", `Cannot read "${text}": it is not there`, {
    hint:
      "name an image by its file, as tower-build build prints it: FILE, FILE:root for a partition",
  });
}

function stepOf(part: string, text: string): Step {
  if (part === "") {
    throw new TowerError("usage", `Cannot read "${text}": nothing stands behind a colon`, {
      hint: "a partition does (2, root), or the path of a file that is an image (/boot/initramfs)",
    });
  }
  return part.startsWith("/") ? { kind: "file", path: part } : { kind: "partition", name: part };
}

/** Steps with one more for `--partition`. @throws {TowerError} `usage` for too many */
export function withPartition(steps: readonly Step[], partition: string | undefined): Step[] {
  const all: Step[] = [...steps];
  if (partition !== undefined) all.push({ kind: "partition", name: partition });
  if (all.length <= MOST_STEPS) return all;
  throw new TowerError("usage", `Cannot go ${all.length} images deep: ${MOST_STEPS} are the most`);
}
