import { assert, assertEquals, assertThrows } from "@std/assert";
import { inlineOnly, smallTree } from "../../../tests/support/tree/small_tree.ts";
import { memorySink } from "../../bytes/bytes.ts";
import type { Digest } from "../../brand.ts";
import { TowerError } from "../../errors.ts";
import { uuidFrom } from "../uuid.ts";
import { longDate, secondsOfLong, secondsOfShort, shortDate } from "./date.ts";
import { BOOT_INFO, bootInfoTable, encodeCatalogue } from "./el_torito.ts";
import { identify } from "./identifier.ts";
import { planIso } from "./plan.ts";
import { writeIso } from "./writer.ts";

const OPTIONS = { label: "TOWER", epoch: 1_700_000_000, boot: undefined };

function idsOf(...names: readonly string[]): string[] {
  const isDirectory = (name: string) => name.endsWith("/");
  const nameOf = (name: string) => name.replace("/", "");
  return identify(names, { nameOf, isDirectory }).map(({ id }) => id);
}

Deno.test("dates are UTC, and clamped to the years that a byte can name", () => {
  assertEquals([...shortDate(1_700_000_000)], [123, 11, 14, 22, 13, 20, 0]);
  assertEquals([...shortDate(2 ** 40)], [255, 12, 31, 23, 59, 59, 0]);
  assertEquals(new TextDecoder().decode(longDate(0)), "1970010100000000\0");
  for (const seconds of [0, -5, 1_700_000_000]) {
    assertEquals(secondsOfShort(shortDate(seconds)), seconds);
    assertEquals(secondsOfLong(longDate(seconds)), seconds);
  }
  // An hour east of Greenwich: four quarters.
  assertEquals(secondsOfShort(Uint8Array.of(70, 1, 1, 1, 0, 0, 4)), 0);
  assertEquals(secondsOfShort(Uint8Array.of(70, 13, 1, 1, 0, 0, 0)), undefined);
});

Deno.test("identifiers are plain, differ, and stand in the order of a directory", () => {
  assertEquals(idsOf("b", "a/", "c.tar.gz"), ["A", "B.;1", "C_TAR.GZ;1"]);
  assertEquals(idsOf("a-b", "a.b", "a_b"), ["A.B;1", "A_B.;1", "A_B_0.;1"]);
  assertEquals(idsOf("a/", "A"), ["A", "A_0.;1"]);
  assertEquals(idsOf(".profile", "世界"), ["_PROFILE.;1", "__.;1"].sort());
  const many = Array.from({ length: 1000 }, (_, i) => `${"long".repeat(20)}${i}.configuration`);
  const ids = idsOf(...many);
  assertEquals(new Set(ids).size, 1000);
  assert(ids.every((id) => /^[A-Z0-9_]{1,20}\.[A-Z0-9_]{0,8};1$/.test(id)));
});

Deno.test("the words of a boot catalogue's first entry add up to nothing", () => {
  for (const images of [{ bios: 40, esp: 512 }, { bios: undefined, esp: 512 }]) {
    const view = new DataView(encodeCatalogue(images).buffer);
    let sum = 0;
    for (let at = 0; at < 32; at += 2) sum += view.getUint16(at, true);
    assertEquals(sum & 0xffff, 0);
    assertEquals(view.getUint32(32 + 8, true), images.bios ?? images.esp);
  }
});

Deno.test("a loader is told where it lies and what its words add up to", () => {
  const loader = new Uint8Array(70);
  loader.set([1, 0, 0, 0, 0xff, 0xff], 64);
  const table = new DataView(bootInfoTable(loader, 40).buffer);
  assertEquals([0, 4, 8, 12].map((at) => table.getUint32(at, true)), [16, 40, 70, 0x10000]);
  assertEquals(BOOT_INFO.offset + BOOT_INFO.size, 64);
});

Deno.test("what the format cannot express is refused, with the path", () => {
  const refused = (tree: ReturnType<typeof smallTree>, cause: string) => {
    const error = assertThrows(() => planIso(tree, OPTIONS), TowerError, cause);
    assertEquals(error.code, "unsupported");
  };
  refused(smallTree({ ["n".repeat(254)]: "" }), "its name has 254 bytes, and Linux reads 253");
  const owned = { mode: 0o644, uid: 0, gid: 0, mtime: 0, origin: "stage:test" } as const;
  const tree = smallTree({});
  const content = { kind: "inline", bytes: new Uint8Array() } as const;
  const xattrs = new Map([["user.a", new Uint8Array(1)]]);
  tree.put({ ...owned, type: "file", path: "tagged", content, xattrs });
  refused(
    tree,
    'Cannot put "/tagged" on an ISO 9660 medium: Rock Ridge has no extended attributes',
  );
  const span = { kind: "span", blob: "sha256:x" as Digest, offset: 0, sha256: undefined } as const;
  const large = smallTree({});
  large.put({ ...owned, type: "file", path: "a", content: { ...span, size: 401 * 2 ** 30 } });
  refused(large, "more than 100 times 4 GiB");
  const full = smallTree({});
  for (let i = 0; i < 30; i++) {
    full.put({ ...owned, type: "file", path: `${i}`, content: { ...span, size: 300 * 2 ** 30 } });
  }
  refused(full, "larger than 8 TiB");
  for (const label of ["", "lower", "A".repeat(33)]) {
    assertThrows(() => planIso(smallTree({}), { ...OPTIONS, label }), TowerError, "label");
  }
});

Deno.test("a tree of more directories than a path table can name is refused", () => {
  const paths = Array.from({ length: 65_536 }, (_, i) => [`${i % 256}/${i}`, null] as const);
  const plan = () => planIso(smallTree(Object.fromEntries(paths)), OPTIONS);
  assertThrows(plan, TowerError, "more than 65535 directories");
});

Deno.test("names of one file have one extent, and files of the EFI system partition lie there", async () => {
  const tree = smallTree({ "boot/kernel": "kernel", "file": "data", "last": "" });
  const owned = { mode: 0o644, uid: 0, gid: 0, mtime: 0, origin: "stage:test" } as const;
  tree.put({ ...owned, type: "hardlink", path: "again", target: "file" });
  const boot = {
    diskId: uuidFrom("disk"),
    isoPartition: uuidFrom("iso"),
    espPartition: uuidFrom("esp"),
    esp: { size: 1 << 20, shared: new Map([["boot/kernel", 3 * 2048]]) },
  };
  const layout = planIso(tree, { ...OPTIONS, boot });
  assertEquals(layout.filesEnd, 512);
  assertEquals([...layout.files.keys()].sort(), ["boot/kernel", "file", "last"]);
  assertEquals(layout.files.get("boot/kernel"), { sector: 515, size: 6 });
  assertEquals(layout.files.get("last"), { sector: 0, size: 0 });
  assertEquals(layout.size, (512 + 512 + 9) * 2048);
  const sink = memorySink(layout.size);
  await writeIso(layout, inlineOnly, sink);
  // The caller writes the partition with all that lies in it.
  assert(sink.bytes.subarray(512 * 2048, 1024 * 2048).every((byte) => byte === 0));
});
