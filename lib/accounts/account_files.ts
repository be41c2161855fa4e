import { inlineText, textOf } from "../tree/content.ts";
import type { ContentReader, FileEntry, Origin } from "../tree/entry.ts";
import type { FileTree } from "../tree/file_tree.ts";
import { TowerError } from "../errors.ts";
import {
  type Accounts,
  formatGroup,
  formatPasswd,
  formatShadow,
  parseGroup,
  parsePasswd,
  parseShadow,
} from "./files.ts";

const PASSWD = "etc/passwd";
const GROUP = "etc/group";
const SHADOW = "etc/shadow";
/** Paths of the files that accounts are made of. */
export const ACCOUNT_FILES = [PASSWD, GROUP, SHADOW] as const;

/**
 * The accounts of a tree. A file that is missing holds none.
 * @throws {TowerError} `malformed` or `limit` for files that break their format.
 */
export function readAccounts(tree: FileTree, reader: ContentReader): Accounts {
  const text = (path: string): string => {
    const file = tree.file(path);
    return file ? textOf(reader, file.content, 4 << 20) : "";
  };
  return {
    users: parsePasswd(text(PASSWD)),
    groups: parseGroup(text(GROUP)),
    shadow: parseShadow(text(SHADOW)),
  };
}

/**
 * Writes the accounts that differ from `before` back into a tree. A file keeps its owner, mode
 * and place behind links; a new one is root's, 0644, and `shadow` 0640 for group `shadow`.
 *
 * @throws {TowerError} `conflict` when something other than a file stands in the way.
 */
export function writeAccounts(
  tree: FileTree,
  before: Accounts,
  after: Accounts,
  by: { readonly origin: Origin; readonly mtime: number },
): void {
  const write = (path: string, text: string, mode: number, gid: number): void => {
    tree.putParents(path, by.origin, by.mtime);
    const resolved = tree.resolve(path);
    const existing = tree.file(path);
    if (resolved === undefined || (!existing && tree.get(resolved))) {
      throw new TowerError("conflict", `Cannot write "/${path}": what is there is no file`);
    }
    const file: FileEntry = existing
      ? { ...existing, content: inlineText(text), mtime: by.mtime }
      : {
        type: "file",
        path: resolved,
        mode,
        uid: 0,
        gid,
        mtime: by.mtime,
        origin: by.origin,
        content: inlineText(text),
      };
    tree.put(file);
  };
  if (after.groups !== before.groups) write(GROUP, formatGroup(after.groups), 0o644, 0);
  if (after.users !== before.users) write(PASSWD, formatPasswd(after.users), 0o644, 0);
  if (after.shadow !== before.shadow) {
    const group = after.groups.find((g) => g.name === "shadow");
    write(SHADOW, formatShadow(after.shadow), group ? 0o640 : 0o600, group?.gid ?? 0);
  }
}
