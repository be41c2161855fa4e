import { assertEquals, assertThrows } from "@std/assert";
import { TowerError } from "../../errors.ts";
import { diskAcl } from "./acl.ts";
import { encodeInodeXattrs, encodeXattrBlock, placeXattrs } from "./xattr.ts";

const sized = (length: number) => new Map([["user.a", new Uint8Array(length)]]);

Deno.test("attributes go into the inode, then into a block, then nowhere", () => {
  assertEquals(placeXattrs("f", undefined), "none");
  assertEquals(placeXattrs("f", new Map()), "none");
  assertEquals(placeXattrs("f", sized(68)), "inode");
  assertEquals(placeXattrs("f", sized(69)), "block");
  assertEquals(placeXattrs("f", sized(4040)), "block");
  const error = assertThrows(() => placeXattrs("f", sized(4041)), TowerError, "of at most 4064");
  assertEquals(error.code, "unsupported");
});

Deno.test("names that ext4 has no number for are refused", () => {
  for (const name of ["system.data", "plain", "user.", "os2.x", `user.${"n".repeat(256)}`]) {
    assertThrows(() => placeXattrs("f", new Map([[name, new Uint8Array(1)]])), TowerError, "name");
  }
  const acl = new Map([["system.posix_acl_access", new Uint8Array(5)]]);
  assertThrows(() => placeXattrs("f", acl), TowerError, "no access control list");
});

Deno.test("an attribute in an inode has its value at the end, counted from the first entry", () => {
  const area = encodeInodeXattrs("f", new Map([["security.capability", new Uint8Array([1, 2])]]));
  const view = new DataView(area.buffer);
  assertEquals([area.length, view.getUint32(0, true)], [96, 0xea020000]);
  assertEquals([area[4], area[5], view.getUint16(6, true)], [10, 6, 88]);
  assertEquals([...area.subarray(92)], [1, 2, 0, 0]);
});

Deno.test("the order in which attributes were set makes no difference", () => {
  const pairs = [["user.b", 1], ["security.x", 2], ["user.aa", 3], ["user.a", 4]] as const;
  const blockOf = (list: typeof pairs[number][]) => {
    const bytes = new Uint8Array(4096);
    encodeXattrBlock(bytes, "f", new Map(list.map(([n, v]) => [n, new Uint8Array([v])])), 9, 1);
    return bytes;
  };
  assertEquals(blockOf([...pairs].reverse()), blockOf([...pairs]));
});

Deno.test("an access control list loses the ids that mean nothing", () => {
  const value = Uint8Array.of(2, 0, 0, 0, 1, 0, 7, 0, 9, 9, 9, 9, 2, 0, 4, 0, 0xe8, 3, 0, 0);
  assertEquals(diskAcl(value), Uint8Array.of(1, 0, 0, 0, 1, 0, 7, 0, 2, 0, 4, 0, 0xe8, 3, 0, 0));
  assertEquals(diskAcl(Uint8Array.of(1, 0, 0, 0)), undefined);
  assertEquals(diskAcl(new Uint8Array(3)), undefined);
  assertEquals(diskAcl(Uint8Array.of(2, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0)), undefined);
});
