/**
 * Preloaded into a real `tower` (`deno run --preload`): counts what it does to the files below
 * TOWER_KILL_BELOW (paths with a colon between them) and ends it by SIGKILL just before one of them,
 * the TOWER_KILL_AT-th; beyond the last one it writes their list to TOWER_KILL_LOG.
 */
const below = (Deno.env.get("TOWER_KILL_BELOW") ?? "").split(":");
const at = Number(Deno.env.get("TOWER_KILL_AT"));
const log = Deno.env.get("TOWER_KILL_LOG");
const done: string[] = [];

function count(what: string, path: unknown): void {
  const text = String(path);
  if (!below.some((folder) => text.startsWith(folder))) return;
  done.push(`${what} ${text}`);
  if (done.length === at) Deno.kill(Deno.pid, "SIGKILL");
}

type Call = (...args: unknown[]) => unknown;
type Calls = Record<string, Call>;

const deno = Deno as unknown as Calls;
const CHANGES = ["chmod", "link", "mkdir", "remove", "rename", "symlink", "truncate", "utime"];
for (const name of CHANGES.flatMap((change) => [change, `${change}Sync`])) {
  const real = deno[name]!;
  deno[name] = (...args) => {
    count(name, args[0]);
    return real(...args);
  };
}
for (const name of ["openSync", "open"]) {
  const real = deno[name]!;
  deno[name] = (...args) => {
    const options = (args[1] ?? {}) as Deno.OpenOptions;
    if (options.create || options.createNew || options.truncate) count(name, args[0]);
    const opened = real(...args);
    return opened instanceof Promise
      ? opened.then((file) => watched(file, args[0]))
      : watched(opened as Deno.FsFile, args[0]);
  };
}

function watched(file: Deno.FsFile, path: unknown): Deno.FsFile {
  const calls = file as unknown as Calls;
  for (const name of ["writeSync", "truncateSync", "syncSync", "syncDataSync"]) {
    const real = calls[name]!.bind(file);
    calls[name] = (...args) => {
      count(name, path);
      return real(...args);
    };
  }
  return file;
}

globalThis.addEventListener("unload", () => {
  if (log !== undefined) Deno.writeTextFileSync(log, done.join("\n"));
});
