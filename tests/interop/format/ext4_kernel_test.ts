/** The kernel as judge of the ext4 writer. */
import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { bytesOf } from "../../../lib/tree/content.ts";
import type { Entry } from "../../../lib/tree/entry.ts";
import { sizeOf } from "../../../lib/tree/entry.ts";
import type { FileTree } from "../../../lib/tree/file_tree.ts";
import { emptyTree, EPOCH, makeImage, sources } from "../../support/format/ext4_image.ts";
import { assertClean, missingTools } from "../../support/format/ext4_judge.ts";
import { run } from "../../support/program/run_tool.ts";
import { randomTree } from "../../support/format/ext4_trees.ts";
import { tempFolder } from "../../support/program/file_sink.ts";
import { mountImage, whyNoMount } from "../../support/format/loop_mount.ts";

const why = missingTools.length > 0 ? `${missingTools.join(", ")} missing` : await whyNoMount();

function mounted(
  name: string,
  body: (image: string) => Promise<void>,
  obstacle = why,
): void {
  Deno.test({
    name: obstacle === "" ? name : `${name} (skipped: ${obstacle})`,
    ignore: obstacle !== "",
    fn: async () => {
      using folder = tempFolder();
      await body(join(folder.path, "fs.img"));
    },
  });
}

/** Why root may not grow a mounted file system here: ext4 asks for CAP_SYS_RESOURCE (24). */
function whyNoGrowth(): string {
  if (why !== "") return why;
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(Deno.readTextFileSync("/proc/self/status"))![1];
  return BigInt(`0x${effective}`) >> 24n & 1n ? "" : "growing it online needs CAP_SYS_RESOURCE";
}

const LETTERS: Record<string, string> = {
  file: "f",
  hardlink: "f",
  directory: "d",
  symlink: "l",
  char: "c",
  block: "b",
  fifo: "p",
};

/** What `find -printf` says of an entry. */
function expectedLine(entry: Entry): string {
  const target = entry.type === "symlink" ? entry.target : "";
  const size = entry.type === "file"
    ? sizeOf(entry.content)
    : entry.type === "symlink"
    ? new TextEncoder().encode(target).length
    : "";
  const { path, mode, uid, gid, mtime } = entry;
  return [path, LETTERS[entry.type], mode.toString(8), uid, gid, mtime, size, target].join("\t");
}

mounted("the kernel sees every entry of a random tree as it is", async (image) => {
  const tree = randomTree(31, 900);
  await makeImage(image, tree, { freeBytes: 1 << 20 });
  await using mount = await mountImage(image, "ro");
  const format = "%P\\t%y\\t%m\\t%U\\t%G\\t%T@\\t%s\\t%l\\0";
  const found = (await run("find", mount.path, "-printf", format)).split("\0").slice(0, -1)
    .map((line) => {
      const fields = line.split("\t");
      fields[5] = String(Number(fields[5]));
      if (!"fl".includes(fields[1]!)) fields[6] = "";
      return fields.join("\t");
    });
  const wanted = [...tree.walk()].map((entry) => {
    // A hard link shows what its file has.
    const shown = entry.type === "hardlink"
      ? { ...tree.get(entry.target)!, path: entry.path }
      : entry;
    return expectedLine(shown);
  });
  const extra = `lost+found\td\t700\t0\t0\t${EPOCH}\t\t`;
  assertEquals(found.sort(), [...wanted, extra].sort());
  for (const entry of tree.walk()) {
    const path = join(mount.path, entry.path);
    if (entry.type === "file") {
      assertEquals(Deno.readFileSync(path), bytesOf(sources({}), entry.content), entry.path);
    } else if (entry.type === "char" || entry.type === "block") {
      const rdev = Deno.lstatSync(path).rdev!;
      // glibc's makedev for numbers of 32 bits.
      const minor = (rdev & 0xff) | (rdev >>> 12 & 0xfff00);
      assertEquals([rdev >>> 8 & 0xfff, minor], [entry.major, entry.minor], entry.path);
    }
  }
});

/** A directory of several blocks that has no index. */
function treeOfManyFiles(): FileTree {
  const tree = emptyTree();
  const meta = { uid: 0, gid: 0, mtime: EPOCH, origin: "stage:test" } as const;
  tree.put({ ...meta, type: "directory", path: "many", mode: 0o755 });
  for (let i = 0; i < 3000; i++) {
    const content = { kind: "inline", bytes: new Uint8Array(100).fill(i) } as const;
    tree.put({ ...meta, type: "file", path: `many/file ${i}`, mode: 0o644, content });
  }
  return tree;
}

async function availableBytes(path: string): Promise<number> {
  return Number((await run("df", "-B1", "--output=avail", path)).split("\n")[1]);
}

mounted("a mounted file system takes the free bytes and stays clean", async (image) => {
  const freeBytes = 64 << 20;
  await makeImage(image, treeOfManyFiles(), { freeBytes });
  {
    await using mount = await mountImage(image, "rw");
    const path = (name: string) => join(mount.path, name);
    const available = await availableBytes(mount.path);
    assert(available >= freeBytes, `${available} bytes are available`);
    Deno.writeFileSync(path("fill"), new Uint8Array(freeBytes - (16 << 20)).fill(1));
    for (let i = 0; i < 3000; i += 3) Deno.removeSync(path(`many/file ${i}`));
    for (let i = 0; i < 2000; i++) Deno.writeTextFileSync(path(`many/new ${i}`), `${i}`);
    Deno.writeTextFileSync(path("many/file 1"), "more".repeat(5000), { append: true });
    Deno.mkdirSync(path("a/b/c"), { recursive: true });
    Deno.renameSync(path("many/file 2"), path("a/b/c/moved"));
  }
  await assertClean(image);
  await using mount = await mountImage(image, "ro");
  const path = (name: string) => join(mount.path, name);
  assertEquals(Deno.readFileSync(path("many/file 2998")), new Uint8Array(100).fill(2998));
  assertEquals(Deno.readTextFileSync(path("many/new 1999")), "1999");
  assertEquals(Deno.statSync(path("many/file 1")).size, 20_100);
});

mounted("a mounted file system grows a hundredfold and stays clean", async (image) => {
  await makeImage(image, treeOfManyFiles(), { size: 100 << 20 });
  // The loop device takes the file's size, so the file system can grow into the rest.
  await Deno.truncate(image, 12 * 2 ** 30);
  {
    await using mount = await mountImage(image, "rw");
    const device = (await run("findmnt", "-no", "SOURCE", mount.path)).trim();
    await run("resize2fs", device);
    const available = await availableBytes(mount.path);
    assert(available > 10 * 2 ** 30, `${available} bytes are available`);
    Deno.writeFileSync(join(mount.path, "after"), new Uint8Array(200 << 20).fill(2));
  }
  await assertClean(image);
}, whyNoGrowth());

mounted("an image that was grown at rest takes files in its new groups", async (image) => {
  await makeImage(image, treeOfManyFiles(), { size: 100 << 20 });
  await Deno.truncate(image, 12 * 2 ** 30);
  await run("resize2fs", image);
  {
    await using mount = await mountImage(image, "rw");
    Deno.writeFileSync(join(mount.path, "after"), new Uint8Array(300 << 20).fill(2));
    assertEquals(Deno.readFileSync(join(mount.path, "many/file 7")), new Uint8Array(100).fill(7));
  }
  await assertClean(image);
});
