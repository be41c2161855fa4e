/** What a folder holds, told as text: to hold a tree against what a program or the kernel unpacked. */
import { bytesOf } from "../../../lib/tree/content.ts";
import type { ContentReader, Entry, FileEntry } from "../../../lib/tree/entry.ts";
import { sizeOf } from "../../../lib/tree/entry.ts";
import type { FileTree } from "../../../lib/tree/file_tree.ts";
import { digestOf } from "../../../lib/bytes/digest.ts";
import { run } from "../program/run_tool.ts";

const LETTERS = {
  ...{ file: "f", hardlink: "f", directory: "d", symlink: "l" },
  ...{ char: "c", block: "b", fifo: "p" },
} as const;

/** A line for each entry of a tree: its fields, device or target, number of names, xattrs, digest. */
export function treeLines(tree: FileTree, reader: ContentReader): string[] {
  const names = new Map<string, number>();
  const fileOf = (entry: Entry): Entry =>
    entry.type === "hardlink" ? tree.get(entry.target)! : entry;
  for (const entry of tree.walk()) {
    const { path } = fileOf(entry);
    names.set(path, (names.get(path) ?? 0) + 1);
  }
  return [...tree.walk()].map((named) => {
    const entry = fileOf(named);
    const { type, mode, uid, gid, mtime, xattrs = new Map() } = entry;
    return [
      ...[named.path, LETTERS[type], mode.toString(8), uid, gid, mtime],
      "target" in entry ? entry.target : "",
      "major" in entry ? `${entry.major}:${entry.minor}` : "",
      type === "file" ? names.get(entry.path) : "",
      JSON.stringify([...xattrs].map(([name, value]) => [name, value.toHex()]).sort()),
      type === "file" ? digestOfFile(entry, reader) : "",
    ].join("\t");
  }).sort();
}

function digestOfFile({ content }: FileEntry, reader: ContentReader): string {
  return digestOf(bytesOf(reader, content, sizeOf(content)));
}

/** The same of a folder, as the system sees it. Names may have no line feed. */
export async function folderLines(folder: string): Promise<string[]> {
  const format = "%P\\t%y\\t%m\\t%U\\t%G\\t%Ts\\t%l\\t%n\\0";
  const found = (await run("find", folder, "-printf", format.replace("%Ts", "%T@"))).split("\0");
  const attributes = await xattrsOf(folder);
  const lines = [];
  for (const line of found.slice(0, -1)) {
    const [path = "", letter = "", mode, uid, gid, time, target, links] = line.split("\t");
    const full = path === "" ? folder : `${folder}/${path}`;
    const { rdev } = Deno.lstatSync(full);
    lines.push([
      ...[path, letter, mode, uid, gid, Math.floor(Number(time)), target],
      "bc".includes(letter) ? deviceOf(rdev!) : "",
      letter === "f" ? links : "",
      JSON.stringify(attributes.get(full) ?? []),
      letter === "f" ? digestOf(Deno.readFileSync(full)) : "",
    ].join("\t"));
  }
  return lines.sort();
}

/** As glibc's gnu_dev_major and gnu_dev_minor. */
function deviceOf(rdev: number): string {
  const device = BigInt(rdev);
  const major = (device >> 8n & 0xfffn) | (device >> 32n & ~0xfffn);
  return `${major}:${(device & 0xffn) | (device >> 12n & ~0xffn)}`;
}

/** All extended attributes below a folder, sorted, in hexadecimal. */
async function xattrsOf(folder: string): Promise<Map<string, [string, string][]>> {
  const text = await run(
    ...["getfattr", "-R", "-P", "-h", "-d", "-m", "-", "-e", "hex", "--absolute-names", folder],
  );
  const found = new Map<string, [string, string][]>();
  for (const part of text.split("\n\n")) {
    const [head = "", ...lines] = part.split("\n");
    if (!head.startsWith("# file: ")) continue;
    const path = head.slice(8).replace(
      /(?:\\[0-7]{3})+/g,
      (bytes) =>
        new TextDecoder().decode(
          Uint8Array.from(bytes.matchAll(/\\([0-7]{3})/g), ([, octal]) => parseInt(octal!, 8)),
        ),
    );
    const pairs = lines.filter((line) => line !== "").map((line): [string, string] => {
      const at = line.indexOf("=");
      return at < 0 ? [line, ""] : [line.slice(0, at), line.slice(at + 1).replace(/^0x/, "")];
    });
    found.set(path, pairs.sort());
  }
  return found;
}
