import { TowerError } from "../../lib/errors.ts";

/** Folders by the number that busybox's table has for them (include/busybox.h: bb_install_loc_t). */
const FOLDERS = ["", "bin/", "sbin/", "usr/bin/", "usr/sbin/"] as const;

/** Applets whose folder never changed: where they fit, the table of folders is. */
const KNOWN: Readonly<Record<string, typeof FOLDERS[number]>> = {
  awk: "usr/bin/",
  cat: "bin/",
  chroot: "usr/sbin/",
  env: "usr/bin/",
  ifconfig: "sbin/",
  init: "sbin/",
  ls: "bin/",
  mount: "bin/",
  sh: "bin/",
  test: "usr/bin/",
};
const NAME = /^[A-Za-z0-9_.[-]{1,32}$/;

/**
 * What `busybox --list-full` prints, read from the program without running it: it may be of any
 * architecture. Its table of names is a run of texts that end in NUL, in order; the table of their
 * folders has four bits for each, the lower ones first (include/applet_tables.h, which busybox's
 * build makes). Neither has a mark, so the one is found by a name, the other by what it must say.
 *
 * @returns Paths without a leading slash, in the table's order.
 * @throws {TowerError} `unsupported` for a program in which there is not exactly one such table.
 */
export function appletPaths(program: Uint8Array): string[] {
  const names = appletNames(program);
  const known = Object.entries(KNOWN).flatMap(([name, folder]) => {
    const at = names.indexOf(name);
    return at < 0 ? [] : [[at, FOLDERS.indexOf(folder)] as const];
  });
  const size = Math.ceil(names.length / 2);
  const folderAt = (table: number, i: number) => (program[table + (i >> 1)]! >> (i % 2 * 4)) & 15;
  const fits = (table: number) =>
    known.every(([i, folder]) => folderAt(table, i) === folder) &&
    names.every((_, i) => folderAt(table, i) < FOLDERS.length);
  const tables: number[] = [];
  for (let at = 0; at + size <= program.length; at++) if (fits(at)) tables.push(at);
  if (known.length < 6 || tables.length !== 1) {
    throw new TowerError(
      "unsupported",
      `Cannot list the applets of busybox: it has ${tables.length} tables that could be theirs`,
    );
  }
  return names.map((name, i) => FOLDERS[folderAt(tables[0]!, i)] + name);
}

function appletNames(program: Uint8Array): string[] {
  const text = new TextDecoder("latin1").decode(program);
  const marker = text.indexOf("\0ash\0");
  if (marker < 0) {
    throw new TowerError("unsupported", "Cannot list the applets of busybox: there is no ash");
  }
  let start = marker + 1;
  for (;;) {
    const before = text.lastIndexOf("\0", start - 2);
    if (before < 0 || !NAME.test(text.slice(before + 1, start - 1))) break;
    start = before + 1;
  }
  const names: string[] = [];
  for (let end: number; (end = text.indexOf("\0", start)) >= 0; start = end + 1) {
    const name = text.slice(start, end);
    if (!NAME.test(name)) break;
    names.push(name);
  }
  return names;
}
