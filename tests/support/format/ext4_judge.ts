/** What e2fsprogs says of an image. */
import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { bytesOf } from "../../../lib/tree/content.ts";
import type { ContentReader, Entry } from "../../../lib/tree/entry.ts";
import { sizeOf } from "../../../lib/tree/entry.ts";
import type { FileTree } from "../../../lib/tree/file_tree.ts";
import { tempFolder } from "../program/file_sink.ts";

const runner = denoRunner();

/** Tools of the judges that this machine lacks. */
export const missingTools = ["e2fsck", "debugfs", "dumpe2fs", "resize2fs"].filter((tool) =>
  !runner.which(tool)
);

/** Output of a program. @throws {TowerError} `tool` when it fails */

/** Proves that e2fsck finds nothing to fix. */
export async function assertClean(image: string): Promise<void> {
  const { stdout, ending } = await runner.run({
    argv: ["e2fsck", "-fn", image],
    okCodes: [0, 4, 8, 12],
  });
  const lines = new TextDecoder().decode(stdout).trim().split("\n");
  const problems = lines.filter((line) => !/^Pass [1-5]: |^\S+: \d+\/\d+ files /.test(line));
  assertEquals({ problems, ending }, { problems: [], ending: { kind: "exited", code: 0 } });
}

/** Runs debugfs requests in one go; the answers in order. */
export async function debugfs(image: string, requests: readonly string[]): Promise<string[]> {
  const { stdout } = await runner.run({
    argv: ["debugfs", "-f", "-", image],
    stdin: new TextEncoder().encode(requests.map((line) => `${line}\n`).join("")),
  });
  const answers = new TextDecoder().decode(stdout).split(/^debugfs: /m).slice(1);
  return answers.map((answer) => answer.slice(answer.indexOf("\n") + 1));
}

const TYPES: Record<string, Entry["type"]> = {
  regular: "file",
  directory: "directory",
  symlink: "symlink",
  "character special": "char",
  "block special": "block",
  FIFO: "fifo",
};

/** What `debugfs stat` shows of an inode, in our terms. */
function parseStat(text: string) {
  const get = (pattern: RegExp) => pattern.exec(text)?.slice(1) ?? [];
  const [seconds, extra] = get(/ mtime: 0x([0-9a-f]+):([0-9a-f]+)/).map((n) => parseInt(n, 16));
  const [major, minor] = get(/device major\/minor number: (\d+):(\d+)/i).map(Number);
  const type = TYPES[get(/Type: (.+?) +Mode/)[0]!];
  return {
    ino: Number(get(/^Inode: (\d+)/)[0]),
    type,
    mode: parseInt(get(/Mode: +([0-7]+)/)[0]!, 8),
    // debugfs prints owners as signed numbers.
    uid: Number(get(/User: +(-?\d+)/)[0]) >>> 0,
    gid: Number(get(/Group: +(-?\d+)/)[0]) >>> 0,
    mtime: (seconds! | 0) + 2 ** 32 * (extra! & 3),
    links: Number(get(/Links: (\d+)/)[0]),
    size: type === "file" || type === "symlink" ? Number(get(/Size: (\d+)/)[0]) : 0,
    device: type === "char" || type === "block" ? [major, minor] : [],
  };
}

/** Proves that debugfs sees every entry of the tree, with all that it has. */
export async function assertHolds(
  image: string,
  tree: FileTree,
  reader: ContentReader,
): Promise<void> {
  using folder = tempFolder();
  const entries = [...tree.walk()];
  const stats = await debugfs(image, entries.map(({ path }) => `stat "/${path}"`));
  const seen = new Map(entries.map(({ path }, i) => [path, parseStat(stats[i]!)]));
  for (const entry of entries) {
    const stat = seen.get(entry.path)!;
    const { ino, ...rest } = stat;
    if (entry.type === "hardlink") {
      assertEquals(stat, seen.get(entry.target)!, `hard link "${entry.path}"`);
    } else assertEquals(rest, expectedStat(entry, entries), `"${entry.path}" is inode ${ino}`);
  }
  await assertContents(image, entries, stats, reader, folder.path);
  await assertXattrs(image, entries, join(folder.path, "value"));
}

/** Reads files and long links one by one: `rdump` would also give them their owners and modes. */
async function assertContents(
  image: string,
  entries: readonly Entry[],
  stats: readonly string[],
  reader: ContentReader,
  folder: string,
): Promise<void> {
  const out = (i: number) => join(folder, `content${i}`);
  const shortTarget = (i: number) => /Fast link dest: "(.*)"/.exec(stats[i]!)?.[1];
  const stored = [...entries.entries()].filter(([i, { type }]) =>
    type === "file" || type === "symlink" && shortTarget(i) === undefined
  );
  await debugfs(image, stored.map(([i, { path }]) => `dump "/${path}" ${out(i)}`));
  for (const [i, entry] of entries.entries()) {
    if (entry.type === "file") {
      assertEquals(Deno.readFileSync(out(i)), bytesOf(reader, entry.content), entry.path);
    } else if (entry.type === "symlink") {
      assertEquals(shortTarget(i) ?? Deno.readTextFileSync(out(i)), entry.target, entry.path);
    }
  }
}

function expectedStat(entry: Exclude<Entry, { type: "hardlink" }>, entries: readonly Entry[]) {
  const inside = entry.path === "" ? "" : `${entry.path}/`;
  const below = entries.filter(({ path, type }) =>
    type === "directory" && path !== "" && path.startsWith(inside) &&
    !path.slice(inside.length).includes("/")
  );
  const addsLostAndFound = entry.path === "" && !entries.some((e) => e.path === "lost+found");
  const names = entries.filter((e) => e.type === "hardlink" && e.target === entry.path);
  return {
    type: entry.type,
    mode: entry.mode,
    uid: entry.uid,
    gid: entry.gid,
    mtime: entry.mtime,
    links: entry.type === "directory"
      ? 2 + below.length + Number(addsLostAndFound)
      : 1 + names.length,
    size: entry.type === "file"
      ? sizeOf(entry.content)
      : entry.type === "symlink"
      ? new TextEncoder().encode(entry.target).length
      : 0,
    device: entry.type === "char" || entry.type === "block" ? [entry.major, entry.minor] : [],
  };
}

async function assertXattrs(
  image: string,
  entries: readonly Entry[],
  file: string,
): Promise<void> {
  const own = entries.filter((entry) => entry.type !== "hardlink");
  const lists = await debugfs(image, own.map(({ path }) => `ea_list "/${path}"`));
  const values = own.flatMap((entry) =>
    [...entry.xattrs ?? []].map(([name, value]) => ({ path: entry.path, name, value }))
  );
  for (const [i, entry] of own.entries()) {
    const names = [...lists[i]!.matchAll(/^ {2}(\S+) \(\d+\)/gm)].map((match) => match[1]!);
    assertEquals(names.sort(), [...entry.xattrs?.keys() ?? []].sort(), entry.path);
  }
  await debugfs(
    image,
    values.map(({ path, name }, i) => `ea_get -f ${file}${i} "/${path}" ${name}`),
  );
  for (const [i, { path, name, value }] of values.entries()) {
    assertEquals(Deno.readFileSync(`${file}${i}`), value, `${name} of "${path}"`);
  }
}
