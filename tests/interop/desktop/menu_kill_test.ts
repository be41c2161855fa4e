import { assert, assertEquals } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { iconOf } from "../../../lib/desktop/icon.ts";
import { formatKept } from "../../../lib/desktop/kept_programs.ts";
import type { Program } from "../../../lib/desktop/program.ts";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { filesBelow } from "../../support/desktop/files_below.ts";
import { pngFile } from "../../support/desktop/png_file.ts";
import { layHost } from "../../support/fleet/laid_host.ts";
import { towerCommand } from "../../support/fleet/provisioning.ts";
import { TowerProgram } from "../../support/fleet/tower_program.ts";
import { tempFolder } from "../../support/program/file_sink.ts";

const HOOK = fromFileUrl(new URL("../../support/fleet/kill_hook.ts", import.meta.url));

const runner = denoRunner();

function keptOf(name: string): string {
  const program: Program = {
    id: name,
    texts: { Name: name },
    icon: name,
    terminal: false,
    argv: ["x"],
  };
  const icons = [iconOf(name, "48x48", pngFile(48))];
  return formatKept([{ package: name, programs: [program], icons }]);
}

Deno.test("a tower that is killed while it writes the menu leaves nothing that is not its own", async () => {
  using tower = new TowerProgram();
  using folder = tempFolder();
  layHost(tower.folder, "web");
  layHost(tower.folder, "mail");
  const { home } = tower.env;
  const share = join(home, ".local/share"), base = join(folder.path, "base");
  const kept = (host: string) => join(tower.folder, "hosts", host, "programs");
  Deno.writeTextFileSync(kept("web"), keptOf("old"));
  Deno.writeTextFileSync(kept("mail"), keptOf("stays"));
  assertEquals((await tower.run("menu")).code, 0);
  Deno.writeTextFileSync(kept("web"), keptOf("new"));
  // An inventory that changed a moment ago is read in other steps.
  Deno.utimeSync(join(tower.folder, "hosts"), 0, 0);
  await runner.run({ argv: ["cp", "-a", home, base] });
  const log = join(folder.path, "log");
  const run = async (at: number) => {
    await runner.run({ argv: ["rm", "-rf", home] });
    await runner.run({ argv: ["cp", "-a", base, home] });
    const { argv: [deno, sub, ...rest], variables } = towerCommand(home, "menu");
    const killed = { TOWER_KILL_AT: `${at}`, TOWER_KILL_BELOW: home, TOWER_KILL_LOG: log };
    const argv = [deno, sub!, "--preload", HOOK, ...rest] as [string, ...string[]];
    await using child = runner.spawn({ argv, variables: { ...variables, ...killed } });
    return (await child.ended).kind;
  };
  assertEquals(await run(Infinity), "exited");
  const wanted = filesBelow(share);
  assertEquals(wanted.filter((path) => path.includes("old")), []);
  const steps = Deno.readTextFileSync(log).split("\n");
  assert(steps.length > 20, `${steps.length}`);
  for (let at = 1; at <= steps.length; at++) {
    const where = `before step ${at} of ${steps.length}: ${steps[at - 1]}`;
    assertEquals(await run(at), "signalled", where);
    const owned = Deno.readTextFileSync(join(tower.folder, "menu")).split("\n");
    const foreign = filesBelow(share).filter((path) =>
      !path.endsWith(".tmp") && !owned.includes(path)
    );
    assertEquals(foreign, [], where);
    assertEquals((await tower.run("menu")).code, 0, where);
    assertEquals(filesBelow(share), wanted, where);
    assertEquals(filesBelow(tower.folder).filter((path) => path.endsWith(".tmp")), [], where);
  }
});
