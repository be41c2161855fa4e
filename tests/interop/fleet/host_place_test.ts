import { assertEquals } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { busyboxMissing, busyboxShell } from "../../support/shell/busybox_shell.ts";
import { tempFolder } from "../../support/program/file_sink.ts";

const SCRIPT = fromFileUrl(
  new URL("../../../build/systems/host/overlay/usr/lib/tower/place.sh", import.meta.url),
);
const runner = denoRunner();

for (const origin of ["debian", "alpine"] as const) {
  const missing = busyboxMissing(runner, origin);
  const name = `the first boot finds zones and layouts that the image has not (${origin}'s shell)`;
  Deno.test(
    { name: missing ? `${name} (skipped: ${missing})` : name, ignore: !!missing },
    async () => {
      await using shell = await busyboxShell(runner, origin, ["awk", "head", "ls", "sed"]);
      using folder = tempFolder();
      const put = (path: string, text: string) => {
        const file = join(folder.path, path);
        Deno.mkdirSync(join(file, ".."), { recursive: true });
        Deno.writeTextFileSync(file, text);
      };
      put("zones/Europe/Berlin", "TZif2");
      put("zones/leapseconds", "# no zone");
      put("maps/us/us.bmap.gz", "");
      put("maps/de/de.bmap.gz", "");
      put("maps/de/de-neo.bmap.gz", "");
      const check = async (zone: string, layout: string, variant: string, has: string) => {
        put("tower.env", `HOSTNAME='web'\nKEYBOARD_LAYOUT='${layout}'\n\nTIMEZONE='${zone}'\n`);
        const script = 'set -eu; . "$1"; zones=$2/zones$7; keymaps=$2/maps$7; ' +
          'check_place "$3" "$4" "$5" "$6"; keymap_of "$5" "$6"';
        const file = join(folder.path, "tower.env");
        const args = [SCRIPT, folder.path, file, zone, layout, variant, has];
        const argv = [shell.sh, "-c", script, "sh", ...args] as const;
        const { stdout } = await runner.run({ argv, variables: { PATH: shell.path } });
        return new TextDecoder().decode(stdout).replaceAll(folder.path, "").split("\n").slice(
          0,
          -1,
        );
      };
      const noZone = (zone: string) =>
        `  line 4: TIMEZONE "${zone}" is not in the time zone database`;
      assertEquals(await check("Europe/Berlin", "de", "de-neo", ""), ["/maps/de/de-neo.bmap.gz"]);
      assertEquals(await check("Europe/Berlin", "de", "neo", ""), ["/maps/de/de-neo.bmap.gz"]);
      assertEquals(await check("Europe/Berlin", "us", "us-dvp", ""), []);
      assertEquals(await check("Mars/Base", "us", "us", ""), [
        noZone("Mars/Base"),
        "/maps/us/us.bmap.gz",
      ]);
      for (const other of ["Europe", "leapseconds"]) {
        assertEquals((await check(other, "us", "us", ""))[0], noZone(other));
      }
      assertEquals(await check("Europe/Berlin", "qq", "qq", ""), [
        '  line 2: KEYBOARD_LAYOUT "qq" is none of de us',
      ]);
      assertEquals(await check("Mars/Base", "qq", "qq", "-none"), []);
    },
  );
}
