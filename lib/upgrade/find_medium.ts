import { TowerError } from "../errors.ts";
import { exists, isFolder, listDir } from "../files/files.ts";
import { attempt } from "../files/file_error.ts";
import type { Runner } from "../proc/command.ts";
import { compressionOf } from "../release/file_names.ts";
import { mounted } from "../setup/mounted.ts";

/** A medium's image, as long as it is needed. */
export interface FoundMedium extends AsyncDisposable {
  readonly path: string;
}

/**
 * The image that is meant: a file, the one in a folder, or the one on a stick, which is mounted for it.
 * @throws {TowerError} `not-found`, `conflict` for several, `unsupported`
 */
export async function findMedium(path: string, runner: Runner): Promise<FoundMedium> {
  await using owned = new AsyncDisposableStack();
  const { isBlockDevice } = attempt("look at", path, () => Deno.statSync(path));
  const place = isBlockDevice === true ? await filesOf(path, runner, owned) : path;
  const image = isFolder(place) ? onlyImage(place, path) : place;
  if (compressionOf(image) !== undefined) {
    throw new TowerError("unsupported", `Cannot upgrade from "${image}": it is compressed`, {
      hint: "decompress it; SHA256SUMS has to name what comes out",
    });
  }
  const kept = owned.move();
  return { path: image, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

async function filesOf(
  device: string,
  runner: Runner,
  owned: AsyncDisposableStack,
): Promise<string> {
  const options = ["-o", "ro,nosuid,nodev,noexec"] as const;
  const found = await mounted(runner, device, "upgrade", ...options).catch((cause) => {
    throw new TowerError("not-found", `Cannot read files of "${device}"`, {
      hint: "name the partition with the files, such as /dev/sdb1: lsblk shows all",
      cause,
    });
  });
  return owned.use(found).path;
}

function onlyImage(folder: string, path: string): string {
  const [name, ...others] = listDir(folder).filter((file) => file.endsWith(".iso")).sort();
  if (name !== undefined && others.length === 0) return `${folder}/${name}`;
  if (name !== undefined) {
    const all = [name, ...others].join(", ");
    throw new TowerError("conflict", `Cannot choose an image: "${path}" has ${all}`, {
      hint: "name one of them, by its path",
    });
  }
  const why = exists(`${folder}/live`)
    ? "it is a medium itself, and nothing beside it is signed"
    : "there is no .iso";
  throw new TowerError("not-found", `Cannot upgrade from "${path}": ${why}`, {
    hint: "copy the .iso, SHA256SUMS and SHA256SUMS.sig of its build onto a stick with files",
  });
}
