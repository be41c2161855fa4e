/**
 * The files below a folder that only unfinished work has: temporary ones of artifacts and of the
 * store's sessions, and locks.
 */
export function unfinishedFiles(folder: string): string[] {
  return files(folder).filter((path) =>
    /\.tmp$|\.lock$|\/lock$|\/store\/tmp\/[^/]+\//.test(path) && !path.endsWith("/lib/apk/db/lock")
  );
}

function files(folder: string): string[] {
  let entries: Deno.DirEntry[];
  try {
    entries = [...Deno.readDirSync(folder)];
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
  return entries.flatMap(({ name, isDirectory }) =>
    isDirectory ? files(`${folder}/${name}`) : [`${folder}/${name}`]
  );
}
