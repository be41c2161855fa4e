import { assertEquals, assertThrows } from "@std/assert";
import { atOnce } from "../../breathe.ts";
import type { Digest } from "../../brand.ts";
import { memorySink, memorySource } from "../../bytes/bytes.ts";
import { TowerError } from "../../errors.ts";
import { textOf } from "../../tree/content.ts";
import { inlineText } from "../../tree/content.ts";
import { FileTree } from "../../tree/file_tree.ts";
import { attributeAcl, diskAcl } from "./acl.ts";
import { checksum } from "./checksum.ts";
import { readNames } from "./directory_reader.ts";
import { planExt4 } from "./plan.ts";
import { readExt4 } from "./reader.ts";
import { writeExt4 } from "./writer.ts";

const NAME = "sha256:volume" as Digest;
const BASE = { mode: 0o644, uid: 0, gid: 0, mtime: 1_700_000_000, origin: "stage:test" } as const;
const NO_BLOBS = {
  open: (): never => {
    throw new Error("no blobs");
  },
};
const SUPERBLOCK = 1024;

async function volume(): Promise<Uint8Array> {
  const tree = new FileTree({ ...BASE, mode: 0o755 });
  tree.put({ ...BASE, type: "directory", path: "d", mode: 0o2750, gid: 4_000_000_000 });
  tree.put({
    ...{ ...BASE, type: "file", path: "d/f", mode: 0o4755, mtime: 2 ** 33 },
    ...{ content: inlineText("contents"), xattrs: new Map([["user.a", Uint8Array.of(1, 2)]]) },
  });
  tree.put({ ...BASE, type: "hardlink", path: "d/g", target: "d/f" });
  tree.put({ ...BASE, type: "symlink", path: "l", target: "d/f" });
  tree.put({ ...BASE, type: "char", path: "null", major: 1, minor: 3 });
  tree.put({ ...BASE, type: "block", path: "disk", major: 259, minor: 70_000 });
  const layout = planExt4(tree, {
    uuid: "11111111-2222-4333-8444-555555555555",
    hashSeed: "66666666-7777-4888-9999-aaaaaaaaaaaa",
    ...{ label: "root", epoch: BASE.mtime, freeBytes: 0 },
  });
  const sink = memorySink(layout.size);
  await writeExt4(layout, NO_BLOBS, sink);
  return sink.bytes;
}

const read = (bytes: Uint8Array) => atOnce(readExt4(memorySource(bytes), NAME));

Deno.test("ext4: what was written is read back", async () => {
  const { label, uuid, tree, contents } = read(await volume());
  assertEquals([label, uuid], ["root", "11111111-2222-4333-8444-555555555555"]);
  tree.remove("lost+found");
  const found: unknown[] = [...tree.walk()].map((
    { origin: _, path, type, mode, uid, gid, mtime, ...rest },
  ) => [
    ...[path, type, mode, uid, gid, mtime],
    "content" in rest ? textOf(contents, rest.content) : rest,
  ]);
  const { mtime } = BASE;
  assertEquals(found, [
    ["", "directory", 0o755, 0, 0, mtime, {}],
    ["d", "directory", 0o2750, 0, 4_000_000_000, mtime, {}],
    ["d/f", "file", 0o4755, 0, 0, 2 ** 33, "contents"],
    ["d/g", "hardlink", 0o4755, 0, 0, 2 ** 33, {
      target: "d/f",
      xattrs: new Map([["user.a", Uint8Array.of(1, 2)]]),
    }],
    ["disk", "block", 0o644, 0, 0, mtime, { major: 259, minor: 70_000 }],
    ["l", "symlink", 0o644, 0, 0, mtime, { target: "d/f" }],
    ["null", "char", 0o644, 0, 0, mtime, { major: 1, minor: 3 }],
  ]);
});

Deno.test("ext4: what is unknown, unfinished, damaged or cut off is refused", async () => {
  const bytes = await volume();
  /** With another field of the superblock, whose checksum is right. */
  const changed = (at: number, value: number) => {
    const copy = bytes.slice();
    const view = new DataView(copy.buffer, SUPERBLOCK, 1024);
    view.setUint32(at, value, true);
    view.setUint32(
      0x3fc,
      checksum(0xffffffff, copy.subarray(SUPERBLOCK, SUPERBLOCK + 0x3fc)),
      true,
    );
    return copy;
  };
  const features = new DataView(bytes.buffer).getUint32(SUPERBLOCK + 0x60, true);
  const refused = (image: Uint8Array, code: string, cause: string) => {
    const error = assertThrows(() => read(image), TowerError, cause);
    assertEquals(error.code, code);
  };
  refused(changed(0x60, features | 0x1000), "unsupported", "not known here (0x1000)");
  refused(changed(0x60, features | 0x4), "unsupported", "journal has changes");
  refused(changed(0x18, 20), "malformed", "its blocks are too large");
  refused(changed(0x28, 0), "malformed", "its groups contradict themselves");
  refused(changed(0x04, 2 ** 31), "malformed", "bytes of");
  refused(bytes.slice(0, 100_000), "malformed", "100000 bytes of");
  refused(bytes.slice(0, 1500), "malformed", "no superblock");
  const damaged = bytes.slice();
  damaged[SUPERBLOCK + 0x78]! ^= 1;
  refused(damaged, "malformed", "checksum of its superblock");
  // The root's inode is the second of the first group's table.
  const view = new DataView(bytes.buffer);
  const table = view.getUint32(4096 + 0x08, true) * 4096;
  const inode = bytes.slice();
  inode[table + 256 + 0x04]! ^= 1;
  refused(inode, "malformed", "checksum of inode 2");
});

Deno.test("entries of a directory that leave their block, or each other, are refused", () => {
  const block = new Uint8Array(64);
  const view = new DataView(block.buffer);
  const entry = (at: number, ino: number, length: number, name: string) => {
    view.setUint32(at, ino, true);
    view.setUint16(at + 4, length, true);
    block.set([name.length, 1, ...new TextEncoder().encode(name)], at + 6);
  };
  entry(0, 2, 12, ".");
  entry(12, 11, 12, "abcd");
  entry(24, 0, 12, "gone");
  entry(36, 12, 28, "é");
  block[42] = 2;
  const names = () => [...readNames(block, true)];
  assertEquals(names(), [{ name: "abcd", ino: 11 }, { name: "é", ino: 12 }]);
  const cases = [[28, 11], [28, 0], [28, 44], [16, 8], [40, 32], [18, 0], [42, 200]] as const;
  for (const [at, value] of cases) {
    const before = block.slice();
    block[at] = value;
    assertThrows(names, TowerError, "Cannot read ext4");
    block.set(before);
  }
  block[44] = 0xff;
  assertThrows(names, TowerError, "UTF-8");
});

Deno.test("an access control list has two forms, each of the other", () => {
  const acl = Uint8Array.from([
    ...[[2, 0, 0, 0], [1, 0, 7, 0, 255, 255, 255, 255], [2, 0, 4, 0, 0xe8, 3, 0, 0]],
    ...[[4, 0, 5, 0, 255, 255, 255, 255], [0x20, 0, 0, 0, 255, 255, 255, 255]],
  ].flat());
  const disk = diskAcl(acl)!;
  assertEquals(attributeAcl(disk), acl);
  for (let length = 0; length < 4; length++) {
    assertEquals(attributeAcl(disk.slice(0, length)), undefined);
  }
  assertEquals(attributeAcl(disk.slice(0, 10)), undefined);
  assertEquals(attributeAcl(Uint8Array.of(9, 0, 0, 0)), undefined);
});
