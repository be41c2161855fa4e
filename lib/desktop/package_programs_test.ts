import { assertEquals, assertThrows } from "@std/assert";
import { unpackedPackage } from "../../tests/support/apk/unpacked_package.ts";
import { pngFile } from "../../tests/support/desktop/png_file.ts";
import { MemoryStore } from "../../tests/support/tree/memory_store.ts";
import type { PackageEntry } from "../apk/package_entry.ts";
import { concat } from "../bytes/bytes.ts";
import { digestOf, hexOf } from "../bytes/digest.ts";
import { TowerError } from "../errors.ts";
import { ENTRY_LIMIT } from "./desktop_entry.ts";
import { iconsIn, programsIn } from "./package_programs.ts";

const PAD = new TextEncoder().encode(
  "[Desktop Entry]\nType=Application\nName=Pad\nExec=pad\nIcon=../../../.ssh/pad\n",
);
const APPLICATIONS = "usr/share/applications";

/** A package with these files, some as links, and what is told of those that are left out. */
function packageOf(files: readonly (readonly [string, Uint8Array | "link"])[]) {
  const reader = new MemoryStore();
  const refused: string[] = [];
  let offset = 0;
  const entries = files.map(([path, content]): PackageEntry => {
    const owned = { path, mode: 0o644, uid: 0, gid: 0, mtime: 0 };
    if (content === "link") return { ...owned, type: "symlink", size: 0, offset: 0, target: "pad" };
    const entry = { ...owned, size: content.length, offset, sha256: hexOf(digestOf(content)) };
    offset += content.length;
    return { ...entry, type: "file" };
  });
  const data = reader.put(concat(files.flatMap(([, bytes]) => bytes === "link" ? [] : [bytes])));
  const reading = { reader, refused: (path: string) => void refused.push(path) };
  return { unpacked: unpackedPackage("pad", { entries, data }), reading, refused };
}

Deno.test("A3: entries are files of their folder; links, others and what is too large are left out", () => {
  const { unpacked, reading, refused } = packageOf([
    [`${APPLICATIONS}/pad.desktop`, PAD],
    [`${APPLICATIONS}/link.desktop`, "link"],
    [`${APPLICATIONS}/sub/other.desktop`, PAD],
    ["etc/xdg/pad.desktop", PAD],
    [`${APPLICATIONS}/large.desktop`, new Uint8Array(ENTRY_LIMIT + 1)],
  ]);
  const [program, ...others] = programsIn(unpacked, reading);
  assertEquals([program?.id, program?.icon, others], ["pad", undefined, []]);
  assertEquals(refused, [`${APPLICATIONS}/large.desktop`]);
});

Deno.test("of a package no more entries are taken than a menu has room for", () => {
  const files = Array.from(
    { length: 70 },
    (_, i) => [`${APPLICATIONS}/p${i}.desktop`, PAD] as const,
  );
  const { unpacked, reading, refused } = packageOf(files);
  assertEquals(programsIn(unpacked, reading).length, 64);
  assertEquals(refused.length, 6);
});

Deno.test("A3: icons are those that an entry names, from where icons lie", () => {
  const png = pngFile(48);
  const { unpacked, reading, refused } = packageOf([
    ["usr/share/icons/hicolor/48x48/apps/pad.png", png],
    ["usr/share/icons/hicolor/48x48/apps/unnamed.png", png],
    ["usr/share/icons/hicolor/32x32/apps/pad.png", png],
    ["usr/share/icons/hicolor/48x48/mimetypes/pad.png", png],
    ["usr/share/icons/Other/48x48/apps/pad.png", png],
    ["usr/share/pixmaps/pad.png", png],
    ["usr/share/pixmaps/pad.xpm", png],
  ]);
  const icons = iconsIn(unpacked, new Set(["pad"]), reading);
  assertEquals(icons.map(({ name, place }) => [name, place]), [["pad", "48x48"], ["pad", "any"]]);
  assertEquals(refused, ["usr/share/icons/hicolor/32x32/apps/pad.png"]);
});

Deno.test("a package whose bytes changed in the store is an error, not an entry that is left out", () => {
  const { unpacked, reading } = packageOf([[`${APPLICATIONS}/pad.desktop`, PAD]]);
  const other = reading.reader.put(PAD.map((byte) => byte ^ 1));
  const changed = { ...unpacked, data: other };
  assertThrows(() => programsIn(changed, reading), TowerError, "others than were put there");
});
