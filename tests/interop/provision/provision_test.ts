import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { formatKept } from "../../../lib/desktop/kept_programs.ts";
import type { Program } from "../../../lib/desktop/program.ts";
import { exists } from "../../../lib/files/files.ts";
import { planProvision, type ProvisionPlan } from "../../../lib/provision/plan.ts";
import { provision } from "../../../lib/provision/provision.ts";
import { targetOf, wishOf } from "../../../lib/provision/request.ts";
import { TOWER_PLAN } from "../../../lib/address_plan/address_plan.ts";
import { TowerError } from "../../../lib/errors.ts";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { silent } from "../../../lib/report/event.ts";
import { inventoryPlace } from "../../../lib/inventory/inventory_reader.ts";
import { readInventory } from "../../../lib/inventory/read_inventory.ts";
import { CARD_TOOLS, makeCardImage } from "../../support/fleet/card_image.ts";
import { tempFolder } from "../../support/program/file_sink.ts";
import { killProvisioning } from "../../support/fleet/provision_kills.ts";
import { TowerProgram } from "../../support/fleet/tower_program.ts";

const runner = denoRunner();
const missing = [...CARD_TOOLS, "mtype", "lsblk", "blockdev"].filter((t) => !runner.which(t));
const ignore = missing.length > 0;
const note = ignore ? ` (skipped: ${missing.join(", ")} missing)` : "";
const SEED = 20;
/** tests/soak has more of them. */
const KILLS = 4;

const offline = (name: string, image: string, file: string) => [
  ...["provision", name, "--offline", "--image", image],
  ...["--device-file", file, "--timezone", "UTC", "--no-confirm"],
];

Deno.test({
  name: `a provisioned image file carries what mtools reads, and no password in clear text${note}`,
  ignore,
  async fn() {
    using folder = tempFolder();
    const image = await makeCardImage(folder.path);
    using tower = new TowerProgram();
    const card = join(folder.path, "card.img");
    const answers = join(folder.path, "answers.yaml");
    Deno.writeTextFileSync(answers, 'password: "s3cret word"\nkeyboard-layout: latam\n');
    const done = await tower.run(...offline("vault", image, card), "--answers", answers);
    assertEquals(done.code, 0, done.err);
    const shown = card.replace(tower.env.dir, "DIR");
    assertEquals(done.out.split("\n").slice(1), [
      `Its card is the file ${shown}, with the host's keys in it: copy it to a card, byte for ` +
      "byte, or start a virtual machine from it.",
      "A card that was copied is checked by: tower provision vault --verify-only " +
      "--boot-device /dev/sdX",
      "",
    ]);
    const mtype = async (name: string) => {
      const { stdout } = await runner.run({ argv: ["mtype", "-i", `${card}@@1M`, `::${name}`] });
      return new TextDecoder().decode(stdout);
    };
    const env = await mtype("tower.env");
    assertStringIncludes(env, "HOSTNAME='vault'\n");
    assertStringIncludes(env, "KEYBOARD_LAYOUT='latam'\n");
    assert(!env.includes("s3cret") && !done.err.includes("s3cret"));
    const host = join(tower.folder, "hosts/vault");
    assertEquals(
      await mtype("ssh_host_ed25519_key"),
      Deno.readTextFileSync(join(host, "ssh_host_ed25519_key")),
    );
    assertStringIncludes(Deno.readTextFileSync(join(host, "tower.env")), "PASSWORD='s3cret word'");
    const [before, after] = [Deno.readFileSync(image), Deno.readFileSync(card)];
    assertEquals(after.subarray(9 << 20), before.subarray(9 << 20));
    const listed = JSON.parse((await tower.run("list", "--json")).out);
    assertEquals(listed[0].ip, "192.168.3.200");
    assertEquals(
      (await tower.run("provision", "vault", "--verify-only", "--device-file", card)).code,
      0,
    );
  },
});

Deno.test({
  name: `B9: --verbose tells each program that provision runs, and no password${note}`,
  ignore,
  async fn() {
    using folder = tempFolder();
    const image = await makeCardImage(folder.path);
    using tower = new TowerProgram();
    const answers = join(folder.path, "answers.yaml");
    Deno.writeTextFileSync(answers, "password: s3cret word\nwlan-password: wlan s3cret\n");
    const given = ["--wlan-ssid", "Home", "--wlan-password", "other s3cret"];
    for (const json of [[], ["--json"]]) {
      const { code, err } = await tower.run(
        ...[
          "provision",
          "router",
          "--image",
          image,
          "--device-file",
          join(folder.path, "card.img"),
        ],
        ...["--answers", answers, ...given, "--no-confirm", "--force", "--verbose", ...json],
      );
      assertEquals(code, 0, err);
      assertStringIncludes(err, "ssh-keygen -q -t ed25519");
      assertStringIncludes(err, "it ended with exit code 0");
      assertStringIncludes(err, `router gets ${image}`);
      assert(!err.includes("s3cret"), err);
      const env = Deno.readTextFileSync(join(tower.folder, "hosts/router/tower.env"));
      for (const [, secret] of env.matchAll(/^(?:PASSWORD_HASH|WLAN_SHARED_KEY)='(.*)'$/gm)) {
        assert(secret!.length > 20 && !err.includes(secret!), err);
      }
    }
    const files = { answers, card: join(folder.path, "quiet.img") };
    const quiet = await tower.run(
      ...["provision", "router", "--image", image, "--device-file", files.card, "--answers"],
      ...[files.answers, ...given, "--no-confirm", "--force", "--quiet"],
    );
    assertEquals([quiet.code, quiet.err], [0, ""]);
  },
});

Deno.test({
  name: `C10, E19: keys and settings are for their user alone; the card's file too${note}`,
  ignore,
  async fn() {
    using folder = tempFolder();
    const image = await makeCardImage(folder.path);
    using tower = new TowerProgram();
    const card = join(folder.path, "card.img");
    assertEquals((await tower.run(...offline("vault", image, card))).code, 0);
    const host = join(tower.folder, "hosts/vault");
    for (const { name } of Deno.readDirSync(host)) {
      assertEquals(Deno.statSync(join(host, name)).mode! & 0o777, 0o600, name);
    }
    for (const path of [tower.folder, host]) assertEquals(Deno.statSync(path).mode! & 0o777, 0o700);
    assertEquals(Deno.statSync(card).mode! & 0o777, 0o600);
    assertEquals(Deno.statSync(join(host, "crypto_keyfile.bin")).size, 2048);
    // What it says of this machine's network is another test's.
    assert(!(await tower.run("doctor")).out.includes("DIR/"));
    Deno.chmodSync(join(host, "id_ed25519"), 0o644);
    const { code, out } = await tower.run("doctor");
    assertEquals(code, 1);
    assertStringIncludes(out, "mend: chmod go= DIR/home/.local/tower/hosts/vault/id_ed25519");
  },
});

Deno.test({
  name: `C1: a declined --force changes no key; an accepted one keeps address and world${note}`,
  ignore,
  async fn() {
    using folder = tempFolder();
    const image = await makeCardImage(folder.path);
    const card = join(folder.path, "card.img");
    using tower = new TowerProgram({ answers: ["n"] });
    assertEquals((await tower.run(...offline("first", image, card))).code, 0);
    assertEquals((await tower.run(...offline("vault", image, card))).code, 0);
    const key = join(tower.folder, "hosts/vault/id_ed25519");
    const diskKey = () => Deno.readFileSync(join(tower.folder, "hosts/vault/crypto_keyfile.bin"));
    const [before, diskKeyBefore] = [Deno.readTextFileSync(key), diskKey()];
    const again = offline("vault", image, card);
    assertStringIncludes((await tower.run(...again)).err, 'Cannot provision "vault": it exists');
    const asked = again.filter((word) => word !== "--no-confirm");
    const declined = await tower.run(...asked, "--force");
    assertEquals([declined.code, declined.err.endsWith("Nothing was changed.\n")], [1, true]);
    assertEquals(Deno.readTextFileSync(key), before);
    Deno.writeTextFileSync(join(tower.folder, "hosts/vault/world"), "vim\n");
    const entry = join(tower.env.home, ".local/share/applications/tower-vault.vim.desktop");
    const vim: Program = { id: "vim", texts: { Name: "Vim" }, terminal: true, argv: ["vim"] };
    const programs = formatKept([{ package: "vim", programs: [vim], icons: [] }]);
    Deno.writeTextFileSync(join(tower.folder, "hosts/vault/programs"), programs);
    assertEquals([(await tower.run("menu")).code, exists(entry)], [0, true]);
    assertEquals((await tower.run("deprovision", "first", "--no-confirm")).code, 0);
    const forced = await tower.run(...again, "--force");
    assertEquals(forced.code, 0, forced.err);
    assert(Deno.readTextFileSync(key) !== before);
    // Its packages are gone with its disk, and so are their entries.
    assert(!exists(entry));
    assertEquals(Deno.readTextFileSync(join(tower.folder, "hosts/vault/world")), "vim\n");
    // E3: provisioned again, it has the address it had, not the lower one that is free now.
    const [host] = JSON.parse((await tower.run("list", "--json")).out);
    assertEquals([host.name, host.ip], ["vault", "192.168.3.201"]);
    const config = Deno.readTextFileSync(join(tower.folder, "config"));
    assertEquals(config.match(/^Host /gm)?.length, 1);
    // Nothing else opens its home.
    assertEquals(diskKey(), diskKeyBefore);
    const disk = [...again, "--force", "--root-device", "/dev/vdb"];
    const kept = await tower.run(...disk);
    assertStringIncludes(kept.err, "the key of an encrypted disk stays");
    assertEquals(diskKey(), diskKeyBefore);
    const wiped = await tower.run(...disk, "--wipe-root-device");
    assertStringIncludes(wiped.err, "what is on its encrypted disk can never be read again");
    assert(diskKey().some((byte, i) => byte !== diskKeyBefore[i]));
  },
});

Deno.test({
  name: `an image that is not what SHA256SUMS says, or not signed, is refused before a byte${note}`,
  ignore,
  async fn() {
    using folder = tempFolder();
    const image = await makeCardImage(folder.path);
    const card = join(folder.path, "card.img");
    using tower = new TowerProgram();
    const key = join(folder.path, "key");
    await runner.run({ argv: ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key] });
    const signed = [...offline("vault", image, card), "--signers", `${key}.pub`];
    assertStringIncludes((await tower.run(...signed)).err, "it is not signed");
    const sums = join(folder.path, "SHA256SUMS");
    await runner.run({ argv: ["ssh-keygen", "-q", "-Y", "sign", "-n", "file", "-f", key, sums] });
    assertEquals((await tower.run(...signed)).code, 0);
    Deno.removeSync(card);
    using disk = Deno.openSync(image, { write: true });
    disk.seekSync(20 << 20, Deno.SeekMode.Start);
    disk.writeSync(Uint8Array.of(1));
    const changed = await tower.run(...offline("other", image, card));
    assertEquals(changed.code, 1);
    assertStringIncludes(changed.err, "it is not what SHA256SUMS says");
    assertEquals((await tower.run("list")).out.includes("other"), false);
    assertEquals(
      Array.from(Deno.readDirSync(folder.path), (e) => e.name).includes("card.img"),
      false,
    );
  },
});

Deno.test({
  name: `C12: a medium that gives back wrong bytes puts no host in force${note}`,
  ignore,
  async fn() {
    using folder = tempFolder();
    const image = await makeCardImage(folder.path);
    using tower = new TowerProgram();
    const { env } = tower;
    const place = inventoryPlace(env.home, env.signal);
    const site = { env, place, plan: TOWER_PLAN, reporter: silent };
    const locale = {
      username: "alice",
      keyboardLayout: "us",
      keyboardVariant: "us",
      timezone: "UTC",
      lang: "en_US",
    };
    const deviceFile = join(folder.path, "card.img");
    const answers = { offline: true, image, deviceFile };
    const target = targetOf(answers, (p) => p)!;
    const request = { ...wishOf("vault", answers, locale, (p) => p), target };
    const inventory = await readInventory(place);
    using owned = new DisposableStack();
    const plans = await planProvision([request], inventory, site, owned, undefined);
    const open = async ({ target }: ProvisionPlan) => {
      const medium = await target.open();
      return {
        ...medium,
        async read(offset: number, into: Uint8Array) {
          const n = await medium.read(offset, into);
          const at = (21 << 20) - offset;
          if (at >= 0 && at < n) into[at]! ^= 1;
          return n;
        },
      };
    };
    const [outcome] = await provision(plans, inventory, site, open);
    assert(outcome?.result.kind === "failed");
    const { error } = outcome.result;
    assert(error instanceof TowerError);
    assertStringIncludes(
      error.message,
      `at byte ${21 << 20} it does not give back what was written`,
    );
    assertEquals((await readInventory(place)).hosts, []);
    assertEquals([...Deno.readDirSync(join(tower.folder, "staging"))], []);
    assertEquals([...Deno.readDirSync(folder.path)].some((e) => e.name.includes("card")), false);
  },
});

Deno.test({
  name:
    `C8: provision killed at ${KILLS} points leaves a whole inventory; the next run completes${note}`,
  ignore,
  fn: () => killProvisioning(KILLS, SEED),
});

Deno.test({
  name: `E4: a user's own key pair is the host's login key; halves of two keys are refused${note}`,
  ignore,
  async fn() {
    using folder = tempFolder();
    const image = await makeCardImage(folder.path);
    using tower = new TowerProgram();
    const key = (name: string) => join(folder.path, name);
    for (const [name, type] of [["mine", "ed25519"], ["other", "ed25519"], ["old", "ecdsa"]]) {
      await runner.run({ argv: ["ssh-keygen", "-q", "-t", type!, "-N", "", "-f", key(name!)] });
    }
    const run = (host: string, privateKey: string, publicKey: string) =>
      tower.run(
        ...offline(host, image, key(`${host}.img`)),
        ...["--private-key-path", key(privateKey), "--public-key-path", key(publicKey)],
        ...["--color", "Light gray"],
      );
    const cases: [string, string, number, string][] = [
      ["mine", "other.pub", 2, 'other.pub" is of another key'],
      ["mine", "mine", 2, "it must be one OpenSSH public key"],
      ["none", "mine.pub", 1, "there is no such file"],
    ];
    for (const [privateKey, publicKey, expected, message] of cases) {
      const { code, err } = await run("vault", privateKey, publicKey);
      assertEquals([code, err.includes(message)], [expected, true], err);
    }
    assertEquals((await tower.run("list")).out, "No host found.\n");
    for (const [host, name] of [["vault", "mine"], ["bank", "old"]] as const) {
      const { code, err } = await run(host, name, `${name}.pub`);
      assertEquals(code, 0, err);
      const made = join(tower.folder, "hosts", host);
      assertEquals(
        Deno.readTextFileSync(join(made, "id_ed25519")),
        Deno.readTextFileSync(key(name)),
      );
      const env = Deno.readTextFileSync(join(made, "tower.env"));
      const line = Deno.readTextFileSync(key(`${name}.pub`)).trim();
      assertStringIncludes(env, `PUBLIC_KEY='${line}'\n`);
      assertStringIncludes(env, "COLOR='37'\n");
    }
  },
});

Deno.test({
  name: `two tower at once never give the same address, nor make the same host twice${note}`,
  ignore,
  async fn() {
    using folder = tempFolder();
    const image = await makeCardImage(folder.path);
    using tower = new TowerProgram();
    const names = ["a1", "b1", "c1", "c1"];
    const runs = await Promise.all(
      names.map((name, i) => tower.run(...offline(name, image, join(folder.path, `${i}.img`)))),
    );
    assertEquals(runs.map(({ code }) => code).sort(), [0, 0, 0, 1]);
    const hosts = JSON.parse((await tower.run("list", "--json")).out);
    assertEquals(
      hosts.map((host: { ip: string }) => host.ip).sort(),
      ["192.168.3.200", "192.168.3.201", "192.168.3.202"],
    );
  },
});
