import { assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { iconOf } from "../../lib/desktop/icon.ts";
import { formatKept } from "../../lib/desktop/kept_programs.ts";
import type { Program } from "../../lib/desktop/program.ts";
import { filesBelow } from "../support/desktop/files_below.ts";
import { pngFile } from "../support/desktop/png_file.ts";
import { layHost } from "../support/fleet/laid_host.ts";
import { TowerProgram } from "../support/fleet/tower_program.ts";

const PAD: Program = {
  id: "pad",
  texts: { Name: "Pad" },
  icon: "pad",
  terminal: false,
  argv: ["pad"],
};
const ENTRY = "applications/tower-web.pad.desktop";
const ICON = "icons/hicolor/48x48/apps/tower-web.pad.png";

/** A tower whose host `web` has a program. */
function towerOfPad() {
  const tower = new TowerProgram();
  layHost(tower.folder, "web");
  const icons = [iconOf("pad", "48x48", pngFile(48))];
  const kept = join(tower.folder, "hosts/web/programs");
  Deno.writeTextFileSync(kept, formatKept([{ package: "pad", programs: [PAD], icons }]));
  const share = join(tower.env.home, ".local/share");
  return { tower, kept, share, list: join(tower.folder, "menu"), menu: () => filesBelow(share) };
}

Deno.test("the menu is what is kept of the hosts, and what is not any more goes", async () => {
  const { tower, kept, menu, list } = towerOfPad();
  using _tower = tower;
  const { code, out, err } = await tower.run("menu");
  assertEquals([code, out, err], [0, "HOST  NAME  PACKAGE\nweb   Pad   pad\n", ""]);
  assertEquals(menu(), [ENTRY, ICON]);
  assertEquals(Deno.readTextFileSync(list), `${ENTRY}\n${ICON}\n`);
  Deno.writeTextFileSync(kept, formatKept([]));
  const dry = await tower.run("menu", "--dry-run");
  assertEquals(dry.out, `No program found.\nremove ${ENTRY}\nremove ${ICON}\n`);
  assertEquals((await tower.run("menu")).code, 0);
  assertEquals([menu(), Deno.readTextFileSync(list)], [[], ""]);
  assertEquals(
    (await tower.run("menu", "--dry-run")).out,
    "No program found.\nnothing would change\n",
  );
});

Deno.test("a file that somebody else made stays, and is told of", async () => {
  const { tower, share, menu, list } = towerOfPad();
  using _tower = tower;
  Deno.mkdirSync(join(share, "applications"), { recursive: true });
  Deno.writeTextFileSync(join(share, ENTRY), "mine");
  const { code, err } = await tower.run("menu");
  assertEquals(code, 0);
  assertStringIncludes(err, `${ENTRY}" is not one of tower's files`);
  assertEquals(Deno.readTextFileSync(join(share, ENTRY)), "mine");
  assertEquals([menu(), Deno.readTextFileSync(list)], [[ENTRY, ICON], `${ICON}\n`]);
});

Deno.test("what a killed tower wrote is its own; a list that says more takes nothing else", async () => {
  const { tower, share, menu, list } = towerOfPad();
  using _tower = tower;
  const other = "applications/tower-gone.x.desktop", mine = "applications/mine.desktop";
  Deno.mkdirSync(join(share, "applications"), { recursive: true });
  for (const path of [ENTRY, other, mine]) Deno.writeTextFileSync(join(share, path), "half");
  const paths = [
    ENTRY,
    other,
    mine,
    "../../victim",
    `applications/tower-x.y.desktop/../mine.desktop`,
  ];
  Deno.writeTextFileSync(list, paths.map((path) => `${path}\n`).join(""));
  Deno.writeTextFileSync(join(tower.env.home, "victim"), "");
  assertEquals((await tower.run("menu")).code, 0);
  assertEquals(menu(), [mine, ENTRY, ICON]);
  assertStringIncludes(Deno.readTextFileSync(join(share, ENTRY)), "Exec=tower run web -- pad\n");
  Deno.statSync(join(tower.env.home, "victim"));
});

Deno.test("what cannot be read or asked says what to do", async () => {
  const { tower, kept, menu } = towerOfPad();
  using _tower = tower;
  assertEquals((await tower.run("menu", "web")).code, 2);
  assertEquals((await tower.run("menu", "--ask", "--dry-run")).code, 2);
  const asked = await tower.run("menu", "--ask");
  assertEquals([asked.code, menu()], [3, [ENTRY, ICON]]);
  assertStringIncludes(asked.err, "error: Cannot ");
  Deno.writeTextFileSync(kept, "{}");
  const { code, err } = await tower.run("menu");
  assertEquals([code, menu()], [1, [ENTRY, ICON]]);
  assertStringIncludes(err, "hint: tower menu --ask web makes them anew");
});

Deno.test("E17: entries go with the host, and a menu that cannot be written keeps no host here", async () => {
  const { tower, share, menu } = towerOfPad();
  using _tower = tower;
  layHost(tower.folder, "vault");
  assertEquals((await tower.run("menu")).code, 0);
  Deno.removeSync(join(share, "applications"), { recursive: true });
  Deno.writeTextFileSync(join(share, "applications"), "");
  const first = await tower.run("deprovision", "vault", "--no-confirm");
  assertEquals([first.code, first.out], [0, "vault is forgotten.\n"]);
  assertStringIncludes(first.err, "the menu is not written: ");
  Deno.removeSync(join(share, "applications"));
  assertEquals((await tower.run("deprovision", "web", "--no-confirm")).code, 0);
  assertEquals(menu(), []);
});
