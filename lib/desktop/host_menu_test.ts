import { assert, assertEquals, assertThrows } from "@std/assert";
import { pngFile } from "../../tests/support/desktop/png_file.ts";
import { TowerError } from "../errors.ts";
import { MENU_FILE, menuFiles } from "./host_menu.ts";
import { iconOf } from "./icon.ts";
import { formatKept, type PackagePrograms, parseKept, withinLimit } from "./kept_programs.ts";
import type { Program } from "./program.ts";

const pad: Program = {
  id: "c",
  texts: { Name: "Pad", "Name[de]": "Block", Comment: " x" },
  icon: "pad",
  category: "Utility",
  terminal: true,
  argv: ["pad", "a b"],
};
const icons = [iconOf("pad", "48x48", pngFile(48)), iconOf("pad", "any", pngFile(20))];
const packages: PackagePrograms[] = [{ package: "pad", programs: [pad], icons }];
const host = (name: string, color?: number) => ({
  name: name as never,
  env: color === undefined ? {} : { color },
});

Deno.test("an entry is of its host, in its colour, and starts the program there", () => {
  const files = menuFiles([{ host: host("vault", 91), packages }]);
  assertEquals([...files.keys()], [
    "applications/tower-vault.c.desktop",
    "icons/hicolor/48x48/apps/tower-vault.pad.png",
    "icons/tower-vault.pad.png",
  ]);
  assertEquals(
    new TextDecoder().decode(files.get("applications/tower-vault.c.desktop")),
    "[Desktop Entry]\nType=Application\nVersion=1.0\nName=[vault] Pad\nName[de]=[vault] Block\n" +
      'Comment=\\sx\nIcon=tower-vault.pad\nExec=tower run vault -- pad "a b"\nTerminal=true\n' +
      "StartupNotify=false\nCategories=X-Tower-vault;Utility;\nX-Tower-Host=vault\n" +
      "X-Tower-Color=Light red\n",
  );
});

Deno.test("hosts whose names and programs look alike together have files of their own", () => {
  const named = (id: string) => [{ package: "p", programs: [{ ...pad, id }], icons: [] }];
  const files = menuFiles([
    { host: host("a"), packages: named("b-c") },
    { host: host("a-b"), packages: named("c") },
  ]);
  assertEquals(files.size, 2);
  for (const path of files.keys()) assert(MENU_FILE.test(path));
});

Deno.test("paths that nothing of ours has are no files of the menu", () => {
  for (
    const path of [
      "../x",
      "applications/firefox.desktop",
      "applications/tower-a/../../x.desktop",
      "icons/tower-a.b.png/../../x.png",
      "/etc/passwd",
      "applications/tower-a.x.desktop\n",
    ]
  ) assert(!MENU_FILE.test(path), path);
});

Deno.test("what is kept of packages is read as it was written; other texts are damaged", () => {
  assertEquals(parseKept(formatKept(packages), "vault"), packages);
  assertEquals(parseKept(formatKept([{ package: "x", programs: [], icons: [] }]), "vault"), []);
  const text = formatKept(packages);
  for (
    const wrong of [
      "",
      "{}",
      text.replace('"version": 1', '"version": 2'),
      text.replace('"id": "c"', '"id": "../c"'),
      text.replace('"48x48"', '"../.."'),
      text.replace('"icon": "pad"', '"icon": "a/b"'),
      text.replace('"Pad"', '"a\\nExec=evil"'),
      text.replace('"Utility"', '"A;B"'),
    ]
  ) assertThrows(() => parseKept(wrong, "vault"), TowerError, 'programs that are kept of "vault"');
});

Deno.test("what a host's text has no room for is left out, and the rest stays as it is", () => {
  const many = ["a", "b", "c", "d"].map((name) => ({ package: name, programs: [pad], icons }));
  const whole = formatKept(many).length;
  assertEquals(withinLimit(many).length, 4);
  const counts = new Set<number>();
  for (let limit = formatKept([]).length; limit < whole; limit += 10) {
    const fitting = withinLimit(many, limit);
    assert(formatKept(fitting).length <= limit);
    assertEquals(fitting, many.slice(0, fitting.length));
    counts.add(fitting.length);
  }
  assertEquals([...counts], [0, 1, 2, 3]);
  const [first, ...others] = many;
  const large = { ...first!, icons: Array(99).fill(icons[0]) };
  assertEquals(withinLimit([large, ...others], whole), others);
});
