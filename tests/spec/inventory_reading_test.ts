import { assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { TowerError } from "../../lib/errors.ts";
import { lockFile } from "../../lib/files/lock_file.ts";
import { inventoryPlace } from "../../lib/inventory/inventory_reader.ts";
import { readInventory } from "../../lib/inventory/read_inventory.ts";
import { RecordingRunner } from "../../lib/proc/recording_runner.ts";
import { layHost } from "../support/fleet/laid_host.ts";
import { TowerProgram } from "../support/fleet/tower_program.ts";

/** An inventory of two hosts that nobody changed for an hour. */
class QuietTower extends TowerProgram {
  readonly hosts = join(this.folder, "hosts");

  constructor() {
    super({ runner: new RecordingRunner() });
    for (const name of ["web", "vault"]) layHost(this.folder, name);
    this.changedAt(Date.now() - 3_600_000);
  }

  /** Sets when a host was last put in force or taken out. */
  changedAt(milliseconds: number): void {
    Deno.utimeSync(this.hosts, new Date(milliseconds), new Date(milliseconds));
  }

  /** Lays a file where a change that is under way has one. */
  lay(path: string): void {
    Deno.mkdirSync(join(this.folder, path, ".."), { recursive: true });
    Deno.writeTextFileSync(join(this.folder, path), "");
  }

  /** The names of its hosts, read by who may not wait for a lock: one that is wanted is refused. */
  async read(): Promise<string[]> {
    const stopped = AbortSignal.abort(new TowerError("interrupted", "Cannot go on: stopped"));
    const { hosts } = await readInventory(inventoryPlace(this.env.home, stopped));
    return hosts.map(({ name }) => name);
  }
}

Deno.test("tower list waits for nobody who has the inventory's lock, and leaves no file behind", async () => {
  using tower = new QuietTower();
  const names = () => Array.from(Deno.readDirSync(tower.folder), ({ name }) => name).sort();
  {
    using _lock = lockFile(join(tower.folder, "lock"), "another tower");
    assertEquals((await tower.run("list")).code, 0);
  }
  const { code, out } = await tower.run("list", "--json");
  assertEquals([code, JSON.parse(out).length, names()], [0, 2, ["hosts"]]);
});

const UNDER_WAY: Readonly<Record<string, (tower: QuietTower) => void>> = {
  "a host was changed within seconds": (tower) => tower.changedAt(Date.now()),
  "a change lies in the future": (tower) => tower.changedAt(Date.now() + 86_400_000),
  "a change was begun": (tower) => tower.lay("unsettled"),
  "a host is to be put in force": (tower) => tower.lay("pending/mail/tower.env"),
  "a host is being removed": (tower) => tower.lay("removed/mail.0/tower.env"),
  "a host is being made": (tower) => tower.lay("staging/mail/reservation"),
  "a host is broken": (tower) => tower.lay("hosts/web/tower.env"),
};

for (const [when, change] of Object.entries(UNDER_WAY)) {
  Deno.test(`an inventory is read under its lock where ${when}`, async () => {
    using tower = new QuietTower();
    assertEquals(await tower.read(), ["vault", "web"]);
    change(tower);
    await assertRejects(() => tower.read(), TowerError, "stopped");
  });
}

Deno.test("an inventory that changes while it is read is read again under its lock", async () => {
  using tower = new QuietTower();
  const { openSync } = Deno;
  // The change of another process, between two files.
  Deno.openSync = (path, options) => {
    Deno.openSync = openSync;
    Deno.renameSync(join(tower.hosts, "web"), join(tower.hosts, "gone"));
    Deno.renameSync(join(tower.hosts, "gone"), join(tower.hosts, "web"));
    return openSync(path, options);
  };
  try {
    await assertRejects(() => tower.read(), TowerError, "stopped");
  } finally {
    Deno.openSync = openSync;
  }
});
