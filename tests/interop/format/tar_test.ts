import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { gzip, GzipReader } from "../../../lib/format/gzip.ts";
import { concat } from "../../../lib/bytes/bytes.ts";
import { tarPieces } from "../../../lib/format/tar.ts";
import { readTarFiles } from "../../../lib/format/tar_files.ts";
import { TarReader } from "../../../lib/format/tar_reader.ts";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import type { FileTree } from "../../../lib/tree/file_tree.ts";
import { oracleData } from "../../support/apk/alpine_oracle.ts";
import { BASE, sampleTree } from "../../support/apk/apk_files.ts";
import { tempFolder } from "../../support/program/file_sink.ts";
import { MemoryStore } from "../../support/tree/memory_store.ts";

const runner = denoRunner();
const missing = ["tar", "gzip"].filter((tool) => !runner.which(tool));
const noTar = missing.length > 0;
const limits = { entries: 100_000, header: 1 << 20 };

async function run(...argv: [string, ...string[]]): Promise<string> {
  return new TextDecoder().decode((await runner.run({ argv, variables: { TZ: "UTC" } })).stdout);
}

function archive(tree: FileTree): Uint8Array {
  return concat(Array.from(tarPieces(tree, new MemoryStore()), (piece) => piece.slice()));
}

function deviceTree(): FileTree {
  const tree = sampleTree();
  tree.put({ ...BASE, type: "char", path: "usr/null", mode: 0o666, major: 1, minor: 3 });
  tree.put({ ...BASE, type: "block", path: "usr/sda", mode: 0o660, major: 8, minor: 1, gid: 6 });
  tree.put({ ...BASE, type: "fifo", path: "usr/pipe", mode: 0o600, uid: 3_000_000 });
  return tree;
}

Deno.test({
  name: `GNU tar lists a written archive with owners, modes, times and devices${
    noTar ? " (skipped: tar or gzip missing)" : ""
  }`,
  ignore: noTar,
  async fn() {
    using folder = tempFolder();
    const path = join(folder.path, "a.tar.gz");
    Deno.writeFileSync(path, gzip(archive(deviceTree()), 6));
    await run("gzip", "-t", path);
    const listing = await run("tar", "--numeric-owner", "--quoting-style=literal", "-tvzf", path);
    const lines = listing.trim().split("\n").map((line) => line.replace(/ +/g, " "));
    const time = "2023-11-14 22:13";
    const long = `usr/${"d".repeat(120)}/`;
    assertEquals(lines, [
      `drwxr-xr-x 0/0 0 ${time} usr/`,
      `drwxr-xr-x 0/0 0 ${time} usr/bin/`,
      `-rwsr-xr-x 0/0 19 ${time} usr/bin/bar`,
      `lrwxrwxrwx 0/0 0 ${time} usr/bin/baz -> foo`,
      `hrwsr-xr-x 0/0 0 ${time} usr/bin/foo link to usr/bin/bar`,
      `drwxrwxrwt 0/0 0 ${time} ${long}`,
      `-rw-r--r-- 0/0 2000 ${time} ${long}${"é".repeat(60)}`,
      `-rw------- 0/0 0 ${time} usr/empty`,
      `crw-rw-rw- 0/0 1,3 ${time} usr/null`,
      `prw------- 3000000/0 0 ${time} usr/pipe`,
      `brw-rw---- 0/6 8,1 ${time} usr/sda`,
    ]);
  },
});

Deno.test({
  name: `GNU tar extracts a written archive with contents, links and xattrs${
    noTar ? " (skipped: tar or gzip missing)" : ""
  }`,
  ignore: noTar,
  async fn() {
    using folder = tempFolder();
    const path = join(folder.path, "a.tar"), out = join(folder.path, "out");
    Deno.writeFileSync(path, archive(sampleTree()));
    Deno.mkdirSync(out);
    await run("tar", "--xattrs", "--xattrs-include=user.*", "-xpf", path, "-C", out);
    assertEquals(Deno.readTextFileSync(join(out, "usr/bin/bar")), "#!/bin/sh\necho foo\n");
    assertEquals(Deno.readLinkSync(join(out, "usr/bin/baz")), "foo");
    const [foo, bar] = ["foo", "bar"].map((n) => Deno.statSync(join(out, "usr/bin", n)));
    assertEquals(foo?.ino, bar?.ino);
    assertEquals((foo?.mode ?? 0) & 0o7777, 0o4755);
    // GNU tar compares all it knows of, xattrs among it, and fails on a difference.
    await run("tar", "--xattrs", "--xattrs-include=user.*", "-df", path, "-C", out);
  },
});

for (const format of ["ustar", "pax", "gnu"]) {
  Deno.test({
    name: `what GNU tar writes as ${format} is read${noTar ? " (skipped: tar missing)" : ""}`,
    ignore: noTar,
    async fn() {
      using folder = tempFolder();
      const dir = format === "ustar" ? "d".repeat(90) : "d".repeat(200);
      Deno.mkdirSync(join(folder.path, dir));
      Deno.writeTextFileSync(join(folder.path, dir, "é".repeat(40)), "content");
      Deno.linkSync(join(folder.path, dir, "é".repeat(40)), join(folder.path, dir, "hard"));
      Deno.symlinkSync("x".repeat(format === "ustar" ? 90 : 150), join(folder.path, dir, "soft"));
      const path = join(folder.path, "a.tar");
      await run("tar", `--format=${format}`, "--sort=name", "-C", folder.path, "-cf", path, dir);
      const files = readTarFiles(Deno.readFileSync(path), limits);
      assertEquals(files.map((f) => [f.entry.type, f.entry.path, f.entry.target.length]), [
        ["directory", `${dir}/`, 0],
        ["file", `${dir}/hard`, 0],
        ["symlink", `${dir}/soft`, format === "ustar" ? 90 : 150],
        ["hardlink", `${dir}/${"é".repeat(40)}`, dir.length + 5],
      ]);
      assertEquals(new TextDecoder().decode(files[1]?.content), "content");
    },
  });
}

Deno.test({
  name: `xattrs survive the way through GNU tar and back${
    noTar ? " (skipped: tar or gzip missing)" : ""
  }`,
  ignore: noTar,
  async fn() {
    using folder = tempFolder();
    const path = join(folder.path, "a.tar"), again = join(folder.path, "b.tar");
    Deno.writeFileSync(path, archive(sampleTree()));
    Deno.mkdirSync(join(folder.path, "out"));
    const attributes = ["--xattrs", "--xattrs-include=user.*", "-C", join(folder.path, "out")];
    await run("tar", ...attributes, "-xf", path);
    await run("tar", ...attributes, "--format=pax", "-cf", again, "usr/bin/foo");
    const [file] = readTarFiles(Deno.readFileSync(again), limits);
    assertEquals(file?.entry.xattrs.get("user.note"), Uint8Array.of(1, 0, 10, 255));
  },
});

const data = oracleData();
const noData = data === undefined || noTar;
Deno.test({
  name: `Alpine's minirootfs is read entry for entry as GNU tar lists it${
    noData ? " (skipped: no Alpine data or no tar)" : ""
  }`,
  ignore: noData,
  async fn() {
    const path = join(data!, "alpine/alpine-minirootfs-3.20.3-x86_64.tar.gz");
    const listing = await run("tar", "--numeric-owner", "--quoting-style=literal", "-tvzf", path);
    const letters = {
      file: "-",
      hardlink: "h",
      symlink: "l",
      char: "c",
      block: "b",
      directory: "d",
      fifo: "p",
    };
    const seen: string[] = [];
    const tar = new TarReader({
      entry: (e) => {
        const arrow = e.type === "symlink" ? ` -> ${e.target}` : "";
        const link = e.type === "hardlink" ? ` link to ${e.target}` : "";
        seen.push(`${letters[e.type]} ${e.uid}/${e.gid} ${e.size} ${e.path}${arrow}${link}`);
      },
      content: () => {},
      end: () => {},
    }, limits);
    const file = await Deno.open(path);
    const gz = new GzipReader(file.readable);
    while (await gz.member({ compressed: () => {}, inflated: (bytes) => tar.push(bytes) }));
    tar.finish();
    assert(tar.ended);
    const want = listing.trim().split("\n").map((line) => {
      const [, type, owner, size, name] = /^(.)\S+ (\S+) +(\d+) \S+ \S+ (.*)$/.exec(line) ??
        [undefined, "?", line, "", ""];
      return `${type} ${owner} ${size} ${name}`;
    });
    assertEquals(seen, want);
    assert(seen.length > 100);
  },
});
