import { printable } from "../../lib/errors.ts";
import { type Entry, sizeOf } from "../../lib/tree/entry.ts";

const LETTERS = {
  file: "-",
  directory: "d",
  symlink: "l",
  hardlink: "h",
  char: "c",
  block: "b",
  fifo: "p",
} as const;

/** An entry as a line for people. @param origin Who put it there, where that is known. */
export function entryLine(entry: Entry, origin?: string): string {
  const mode = LETTERS[entry.type] + entry.mode.toString(8).padStart(4, "0");
  const size = entry.type === "file"
    ? String(sizeOf(entry.content))
    : "major" in entry
    ? `${entry.major},${entry.minor}`
    : "-";
  const target = "target" in entry ? ` -> ${entry.target}` : "";
  const from = origin === undefined ? "" : `${origin} `;
  return printable(`${mode} ${entry.uid} ${entry.gid} ${size} ${from}/${entry.path}${target}`);
}

/** An entry as JSON. @param origin Who put it there, where that is known. */
export function entryJson(entry: Entry, origin?: string): unknown {
  const { path, type, mode, uid, gid, mtime } = entry;
  return {
    path: `/${path}`,
    type,
    mode: mode.toString(8).padStart(4, "0"),
    uid,
    gid,
    mtime,
    ...(origin === undefined ? {} : { origin }),
    ...(entry.type === "file" ? { size: sizeOf(entry.content) } : {}),
    ...("target" in entry ? { target: entry.target } : {}),
    ...("major" in entry ? { major: entry.major, minor: entry.minor } : {}),
    ...(entry.xattrs
      ? { xattrs: Object.fromEntries([...entry.xattrs].map(([n, v]) => [n, v.toBase64()])) }
      : {}),
  };
}
