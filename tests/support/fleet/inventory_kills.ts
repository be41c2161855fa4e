import { assert, assertEquals, assertMatch } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import type { Command } from "../../../lib/proc/command.ts";
import { lockFile } from "../../../lib/files/lock_file.ts";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { parseTowerEnv } from "../../../lib/tower_env/tower_env.ts";
import { makeCardImage } from "./card_image.ts";
import { tempFolder } from "../program/file_sink.ts";
import { offline, towerCommand } from "./provisioning.ts";
import { FAILING_SSH, TowerProgram } from "./tower_program.ts";

const HOOK = fromFileUrl(new URL("./kill_hook.ts", import.meta.url));
const runner = denoRunner();

/** What changes an inventory that has the hosts "first" and "vault". */
const CHANGES = {
  "provision of a new host": { words: ["mail"], after: ["first", "mail", "vault"] },
  "provision of a host anew": { words: ["vault", "--force"], after: ["first", "vault"] },
  "deprovision": { words: undefined, after: ["first"] },
} as const;
export type InventoryChange = keyof typeof CHANGES;
export const INVENTORY_CHANGES = Object.keys(CHANGES) as InventoryChange[];

/**
 * Ends a real `tower` by SIGKILL just before what it does to the files of an inventory, from the
 * `first` on and then each `every`-th. After each the inventory is whole, as before or as after; the
 * command goes through or says that its work is done; nothing is left behind.
 */
export async function killInWindows(
  t: Deno.TestContext,
  change: InventoryChange,
  { first, every }: { readonly first: number; readonly every: number },
): Promise<void> {
  using folder = tempFolder();
  const image = await makeCardImage(folder.path);
  using tower = new TowerProgram();
  const { home } = tower.env;
  const file = (name: string) => ["--device-file", join(folder.path, name)];
  for (const name of ["first", "vault"]) {
    const made = await tower.run(...offline(name, image, ...file(`${name}.img`)));
    assertEquals(made.code, 0, made.err);
  }
  const base = join(folder.path, "base");
  await runner.run({ argv: ["cp", "-a", home, base] });
  const { words, after } = CHANGES[change];
  const command = words === undefined
    ? ["deprovision", "vault", "--no-confirm"]
    : offline(words[0], image, ...file("card.img"), ...words.slice(1));
  const [log, bin] = [join(folder.path, "log"), join(folder.path, "bin")];
  // It sends nothing to the tower's addresses.
  Deno.mkdirSync(bin);
  Deno.writeTextFileSync(join(bin, "ssh"), `#!/bin/sh\n${FAILING_SSH}\n`, { mode: 0o755 });
  const run = async (at: number) => {
    await runner.run({ argv: ["rm", "-rf", home] });
    await runner.run({ argv: ["cp", "-a", base, home] });
    await using child = runner.spawn(
      hooked(towerCommand(home, ...command), { home, at, log, bin }),
    );
    return await child.ended;
  };
  assertEquals(await run(Infinity), { kind: "exited", code: 0 });
  const steps = Deno.readTextFileSync(log).split("\n");
  for (let at = first; at <= steps.length; at += every) {
    const where = `${change}, before step ${at} of ${steps.length}: ${steps[at - 1]}`;
    await t.step(`step ${at} of ${steps.length}`, async () => {
      assertEquals((await run(at)).kind, "signalled", where);
      const { code, out, err } = await tower.run("list", "--json");
      assertEquals(code, 0, `${where}: ${err}`);
      const names = JSON.parse(out).map((host: { name: string }) => host.name).sort();
      const isDone = names.join() === after.join() && change !== "provision of a host anew";
      if (!isDone) assertEquals(names, ["first", "vault"], where);
      requireWhole(tower, names, where);
      const again = await tower.run(...command);
      if (isDone) assertMatch(again.err, /it exists|Cannot find host/, where);
      else assertEquals(again.code, 0, `${where}: ${again.err}`);
      requireWhole(tower, after, where);
      const left = Array.from(Deno.readDirSync(join(tower.folder)), (e) => e.name);
      assert(!left.includes("unsettled"), `${where}: ${left}`);
      // A killed one's lock may lie there until somebody changes something: nobody has it.
      lockFile(join(tower.folder, "lock"), "a test")[Symbol.dispose]();
      for (const name of ["staging", "pending", "removed"]) {
        if (left.includes(name)) {
          assertEquals([...Deno.readDirSync(join(tower.folder, name))], [], where);
        }
      }
      assert(!left.some((name) => name.endsWith(".tmp")), `${where}: ${left}`);
    });
  }
}

function hooked(
  command: ReturnType<typeof towerCommand>,
  { home, at, log, bin }: Record<"home" | "log" | "bin", string> & { readonly at: number },
): Command {
  const [deno, sub, ...rest] = command.argv;
  const below = [".local/tower", ".ssh"].map((name) => join(home, name)).join(":");
  return {
    argv: [deno, sub!, "--preload", HOOK, ...rest],
    variables: {
      ...command.variables,
      PATH: `${bin}:${Deno.env.get("PATH")}`,
      TOWER_KILL_AT: String(at),
      TOWER_KILL_BELOW: below,
      TOWER_KILL_LOG: log,
    },
  };
}

/** Each host has its files, which belong together; SSH knows these hosts, once, and no others. */
export function requireWhole(tower: TowerProgram, names: readonly string[], where: string): void {
  const text = (path: string) => Deno.readTextFileSync(join(tower.folder, path));
  for (const name of names) {
    const files = Array.from(Deno.readDirSync(join(tower.folder, "hosts", name)), (e) => e.name);
    const keys = ["ed25519", "ecdsa", "rsa"].map((type) => `ssh_host_${type}_key`);
    const all = [...keys, "id_ed25519"].flatMap((key) => [key, `${key}.pub`]);
    assertEquals(files.sort(), [...all, "crypto_keyfile.bin", "tower.env"].sort(), where);
    const bytes = Deno.readFileSync(join(tower.folder, "hosts", name, "tower.env"));
    const env = parseTowerEnv(bytes, "thinclient");
    assertEquals(text(`hosts/${name}/id_ed25519.pub`).trim(), env.publicKey, where);
    const known = text(`hosts/${name}/ssh_host_ed25519_key.pub`).split(" ")[1]!;
    assert(text("known_hosts").includes(` ${known}`), `${where}: ${name}`);
  }
  const blocks = [...text("config").matchAll(/^Host (.*)$/gm)].map(([, host]) => host!).sort();
  assertEquals(blocks, [...names].sort(), where);
  const known = text("known_hosts").trim().split("\n").map((line) => line.split(",")[0]!);
  assertEquals([...new Set(known)].sort(), [...names].sort(), where);
  const own = Deno.readTextFileSync(join(tower.env.home, ".ssh/config"));
  assertEquals(own.match(/^Include /gm)?.length, 1, where);
}
