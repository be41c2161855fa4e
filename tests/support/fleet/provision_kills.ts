import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { makeCardImage } from "./card_image.ts";
import { tempFolder } from "../program/file_sink.ts";
import { offline, towerCommand } from "./provisioning.ts";
import { randomNumbers } from "../program/random_numbers.ts";
import { TowerProgram } from "./tower_program.ts";

/** Milliseconds: from the start of the program to beyond its usual end. */
const FIRST = 300;
const SPAN = 1800;

/**
 * Kills `tower provision` at so many moments; after each the inventory must be whole, and at last
 * a run goes through and leaves nothing behind.
 */
export async function killProvisioning(kills: number, seed: number): Promise<void> {
  const runner = denoRunner();
  using folder = tempFolder();
  const image = await makeCardImage(folder.path);
  using tower = new TowerProgram();
  const random = randomNumbers(seed);
  const file = (name: string) => ["--device-file", join(folder.path, name)];
  const first = await tower.run(...offline("first", image, ...file("first.img")));
  assertEquals(first.code, 0, first.err);
  const words = offline("vault", image, ...file("card.img"));
  for (let kill = 0; kill < kills; kill++) {
    await using child = runner.spawn(towerCommand(tower.env.home, ...words));
    const moment = FIRST + random.below(SPAN);
    let timer;
    const time = new Promise((resolve) => timer = setTimeout(resolve, moment));
    await Promise.race([time, child.ended]);
    clearTimeout(timer);
    child.kill("SIGKILL");
    await child.ended;
    const { code, out, err } = await tower.run("list", "--json");
    const where = `seed ${seed}, kill ${kill} after ${moment} ms: ${err}`;
    assertEquals(code, 0, where);
    const names = JSON.parse(out).map((host: { name: string }) => host.name);
    assertEquals(names.filter((name: string) => name !== "vault"), ["first"], where);
    const config = Deno.readTextFileSync(join(tower.folder, "config"));
    assertEquals((config.match(/^Host .*$/gm) ?? []).length, names.length, where);
    if (!names.includes("vault")) continue;
    const verify = ["provision", "vault", "--verify-only", ...file("card.img")];
    const verified = await tower.run(...verify);
    assertEquals(verified.code, 0, `${where} ${verified.err}`);
    assertEquals((await tower.run("deprovision", "vault", "--no-confirm")).code, 0, where);
  }
  const last = await tower.run(...words);
  assertEquals(last.code, 0, last.err);
  const left = Array.from(Deno.readDirSync(folder.path), (e) => e.name).sort();
  assertEquals(left, ["SHA256SUMS", "card.img", "first.img", "host.img"]);
  assertEquals([...Deno.readDirSync(join(tower.folder, "staging"))], []);
}
