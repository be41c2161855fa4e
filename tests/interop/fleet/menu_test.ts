import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { parseDesktopEntry, stringOf } from "../../../lib/desktop/desktop_entry.ts";
import { parseExec } from "../../../lib/desktop/exec_line.ts";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { oracleData } from "../../support/apk/alpine_oracle.ts";
import { TEST_KEY } from "../../support/apk/test_keys.ts";
import { pngFile } from "../../support/desktop/png_file.ts";
import { makeProgramRepository } from "../../support/desktop/program_repository.ts";
import { filesBelow } from "../../support/desktop/files_below.ts";
import { layHost } from "../../support/fleet/laid_host.ts";
import { PackageTower, REPOSITORY } from "../../support/fleet/package_tower.ts";
import { towerCommand } from "../../support/fleet/provisioning.ts";
import { rootMissing } from "../../support/format/disk_tree.ts";
import { named, programsMissing } from "../../support/program/missing_programs.ts";

const runner = denoRunner();
const data = oracleData();
const missing = rootMissing() ??
  (data === undefined ? "real Alpine data (TOWER_ORACLE_DATA)" : undefined) ??
  programsMissing(runner, "ssh", "ssh-keygen", "/usr/sbin/sshd", "unshare", "ss", "tar");

const APPLICATIONS = "usr/share/applications";
const ICONS = "usr/share/icons/hicolor/48x48/apps";
const PAD = `[Desktop Entry]
Type=Application
Name=Pad\u202e
Name[de]=Block
Exec = pad --line "a b" %F
TryExec=/bin/evil
Icon=pad
Categories=Utility;
X-Evil=1
`;

Deno.test({
  ...named("programs of installed packages come into the menu, and go with them", missing),
  async fn(t) {
    await using place = await PackageTower.create(runner, data!);
    const { tower, root, repository } = place;
    makeProgramRepository(join(repository, "own"), {
      pad: {
        depends: ["pad-libs"],
        files: {
          [`${APPLICATIONS}/pad.desktop`]: PAD,
          [`${APPLICATIONS}/$(reboot).desktop`]: PAD,
          [`${APPLICATIONS}/bad.desktop`]: "[Desktop Entry]\nName=x\nName=y\n",
          [`${ICONS}/pad.png`]: pngFile(48),
          [`${ICONS}/other.png`]: pngFile(48),
          "usr/share/pixmaps/helper.png": pngFile(2000),
          "usr/bin/pad": '#!/bin/sh\nprintf "<%s>" "$@"\n',
        },
      },
      "pad-libs": {
        files: {
          [`${APPLICATIONS}/helper.desktop`]: PAD.replace("=pad ", "=helper ")
            .replace("Icon=pad", "Icon=helper"),
        },
      },
      tool: { files: { "usr/bin/tool": "#!/bin/sh\n" } },
    });
    const { name, pem } = TEST_KEY.trusted;
    Deno.writeTextFileSync(join(root, "etc/apk/keys", name), pem);
    Deno.writeTextFileSync(
      join(root, "etc/apk/repositories"),
      `${REPOSITORY}\n${REPOSITORY}/own\n`,
    );
    const share = join(tower.env.home, ".local/share");
    const menu = () => filesBelow(share);
    const entry = "applications/tower-vault.pad.desktop";
    const icon = "icons/hicolor/48x48/apps/tower-vault.pad.png";

    await t.step("what has no window changes nothing", async () => {
      const { code, err } = await tower.run("install", "vault", "tool");
      assertEquals([code, menu()], [0, []], err);
    });
    await t.step("E17: entries of what a package needs come too; the rest is told", async () => {
      const { code, err } = await tower.run("install", "vault", "pad");
      assertEquals(code, 0, err);
      assertEquals(menu(), ["applications/tower-vault.helper.desktop", entry, icon]);
      assertStringIncludes(err, '"usr/share/applications/$(reboot).desktop" of pad is left out');
      assertStringIncludes(err, "bad.desktop");
      assertStringIncludes(err, "a side of it has 2000 pixels");
    });
    await t.step("A4: an entry is written anew", () => {
      assertEquals(
        Deno.readTextFileSync(join(share, entry)),
        "[Desktop Entry]\nType=Application\nVersion=1.0\nName=[vault] Pad\nName[de]=[vault] Block\n" +
          'Icon=tower-vault.pad\nExec=tower run vault -- pad --line "a b"\nTerminal=false\n' +
          "StartupNotify=false\nCategories=X-Tower-vault;Utility;\nX-Tower-Host=vault\n",
      );
      assert(!new TextDecoder().decode(Deno.readFileSync(join(share, icon))).includes("evil"));
    });
    await t.step("what it starts runs on the host with these words", async () => {
      const written = parseDesktopEntry(Deno.readFileSync(join(share, entry)));
      const [program, ...words] = parseExec(stringOf(written.get("Exec")!), "");
      assertEquals(program, "tower");
      const { argv, variables } = towerCommand(tower.env.home, ...words);
      const PATH = `${place.programs}:/usr/bin:/usr/sbin`;
      const { stdout } = await runner.run({ argv, variables: { ...variables, PATH } });
      assertEquals(new TextDecoder().decode(stdout), "<--line><a b>");
    });
    await t.step("tower menu lists them, and puts back what is missing", async () => {
      Deno.removeSync(join(share, icon));
      const dry = await tower.run("menu", "--dry-run");
      assertStringIncludes(dry.out, `write ${icon}\n`);
      assertEquals(menu().length, 2);
      const { code, out } = await tower.run("menu");
      assertEquals([code, menu().length], [0, 3]);
      assertStringIncludes(out, "vault  Pad   pad-libs\n");
      const { written } = JSON.parse((await tower.run("menu", "--json")).out);
      assertEquals(written, []);
    });
    await t.step("with --ask what was installed otherwise is found in the store", async () => {
      Deno.removeSync(join(tower.folder, "hosts/vault/programs"));
      assertEquals((await tower.run("menu")).code, 0);
      assertEquals(menu(), []);
      const { code, err } = await tower.run("menu", "--ask", "vault");
      assertEquals([code, menu().length], [0, 3], err);
    });
    await t.step("E17: they go with the host, and two hosts have each their own", async () => {
      layHost(tower.folder, "web");
      const kept = (name: string) => join(tower.folder, "hosts", name, "programs");
      Deno.copyFileSync(kept("vault"), kept("web"));
      assertEquals((await tower.run("menu")).code, 0);
      assertEquals(menu().length, 6);
      const text = Deno.readTextFileSync(join(share, entry.replace("vault", "web")));
      assertStringIncludes(text, "Exec=tower run web -- pad");
      const { code, err } = await tower.run("deprovision", "web", "--no-confirm");
      assertEquals(
        [code, menu()],
        [0, ["applications/tower-vault.helper.desktop", entry, icon]],
        err,
      );
    });
    await t.step("E17: they go with the package, and nothing else does", async () => {
      Deno.writeTextFileSync(join(share, "applications/mine.desktop"), PAD);
      const { code, err } = await tower.run("uninstall", "vault", "pad");
      assertEquals([code, menu()], [0, ["applications/mine.desktop"]], err);
    });
  },
});
