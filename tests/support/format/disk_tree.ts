import { join } from "@std/path";
import { bytesOf } from "../../../lib/tree/content.ts";
import { digestOf } from "../../../lib/bytes/digest.ts";
import { tarPieces } from "../../../lib/format/tar.ts";
import type { ContentReader } from "../../../lib/tree/entry.ts";
import type { FileTree } from "../../../lib/tree/file_tree.ts";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";

/** Why trees with owners and a chroot cannot be had here, or undefined where they can. */
export function rootMissing(): string | undefined {
  return Deno.build.os === "linux" && Deno.uid() === 0 ? undefined : "needs Linux and root";
}

/** Puts a tree on the disk with owners, devices and attributes. Needs root. */
export async function putOnDisk(tree: FileTree, reader: ContentReader, dir: string) {
  const archive = await Deno.makeTempFile();
  {
    using file = Deno.openSync(archive, { write: true, truncate: true });
    for (const bytes of tarPieces(tree, reader)) {
      for (let done = 0; done < bytes.length;) done += file.writeSync(bytes.subarray(done));
    }
  }
  await denoRunner().run({
    argv: ["tar", "-xpf", archive, "--same-owner", "--xattrs", "--xattrs-include=*", "-C", dir],
  });
  await Deno.remove(archive);
}

/** Type, owner, mode and content of every entry below a directory, by path. */
export function listDisk(dir: string, path = "", into = new Map<string, string>()) {
  for (const { name } of Deno.readDirSync(join(dir, path))) {
    const at = path === "" ? name : `${path}/${name}`;
    const info = Deno.lstatSync(join(dir, at));
    const owner = `${info.uid}:${info.gid}`;
    const mode = ((info.mode ?? 0) & 0o7777).toString(8);
    if (info.isSymlink) into.set(at, `symlink ${owner} ${Deno.readLinkSync(join(dir, at))}`);
    else if (info.isDirectory) {
      into.set(at, `directory ${owner} ${mode}`);
      listDisk(dir, at, into);
    } else if (info.isFile) {
      into.set(at, `file ${owner} ${mode} ${digestOf(Deno.readFileSync(join(dir, at)))}`);
    } else into.set(at, `other ${owner} ${mode}`);
  }
  return into;
}

/** The same of a tree. */
export function listTree(tree: FileTree, reader: ContentReader): Map<string, string> {
  const list = new Map<string, string>();
  for (const walked of tree.walk()) {
    const entry = walked.type === "hardlink" ? tree.get(walked.target)! : walked;
    const owner = `${entry.uid}:${entry.gid}`;
    const mode = entry.mode.toString(8);
    if (entry.type === "symlink") list.set(walked.path, `symlink ${owner} ${entry.target}`);
    else if (entry.type === "directory") list.set(walked.path, `directory ${owner} ${mode}`);
    else if (entry.type === "file") {
      const digest = digestOf(bytesOf(reader, entry.content));
      list.set(walked.path, `file ${owner} ${mode} ${digest}`);
    } else list.set(walked.path, `other ${owner} ${mode}`);
  }
  list.delete("");
  return list;
}

/** What two listings differ in, as `path: one | other`. */
export function differences(one: Map<string, string>, other: Map<string, string>): string[] {
  const paths = new Set([...one.keys(), ...other.keys()]);
  return [...paths].filter((path) => one.get(path) !== other.get(path)).sort()
    .map((path) => `${path}: ${one.get(path) ?? "-"} | ${other.get(path) ?? "-"}`);
}
