import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { makeCardImage } from "../../support/fleet/card_image.ts";
import { tempFolder } from "../../support/program/file_sink.ts";
import { layHost } from "../../support/fleet/laid_host.ts";
import { named } from "../../support/program/missing_programs.ts";
import { offline, provisionMissing, towerCommand } from "../../support/fleet/provisioning.ts";
import { TowerProgram } from "../../support/fleet/tower_program.ts";

const runner = denoRunner();
const missing = provisionMissing();
const mountMissing = missing ?? await mountsMissing();

async function mountsMissing(): Promise<string | undefined> {
  if (Deno.uid() !== 0) return "only root mounts a small disk";
  const { ending } = await runner.run({
    argv: ["unshare", "--mount", "sh", "-c", "mount -t tmpfs none /mnt"],
    okCodes: [0, 1, 32],
  });
  return ending.kind === "exited" && ending.code === 0 ? undefined : "this machine mounts nothing";
}

/** Runs `tower` twice on a folder that is a small disk: as it is, then when it has grown. */
const TWICE = `
set -e; folder=$1 size=$2; shift 2
mount -t tmpfs -o "size=$size" none "$folder"
code=0; "$@" || code=$?
echo "=== $code" >&2
find "$folder" -type f >&2
echo "===" >&2
mount -o remount,size=64m "$folder"
exec "$@"`;

Deno.test({
  ...named(
    "a full home disk, and a full one below the card's file, make no host; the next run does",
    mountMissing,
  ),
  async fn() {
    using folder = tempFolder();
    const image = await makeCardImage(folder.path);
    const small = join(folder.path, "small");
    const big = join(folder.path, "big");
    for (const path of [small, big]) Deno.mkdirSync(path);
    const cases = [[small, big, "8k"], [small, big, "36k"], [big, small, "200k"]] as const;
    for (const [home, cards, size] of cases) {
      const card = join(cards, "card.img");
      const { argv, variables } = towerCommand(
        home,
        ...offline("vault", image, "--device-file", card),
      );
      const { stderr } = await runner.run({
        argv: ["unshare", "--mount", "sh", "-c", TWICE, "sh", small, size, ...argv],
        variables,
      });
      const text = new TextDecoder().decode(stderr);
      const [first = "", found = "", second = ""] = text.split(/^===.*\n/m);
      assertMatch(text, /^=== 1$/m, text);
      assertMatch(
        first,
        /^error: Cannot (make keys in|write) .*: the disk is full$/m,
        `${size}: ${text}`,
      );
      assert(!/hosts\/vault|card|PRIVATE/.test(found), `${size}: ${found}`);
      assertStringIncludes(second, "read it back", text);
      for (const name of [".local", "card.img"]) {
        for (const path of [small, big]) {
          await Deno.remove(join(path, name), { recursive: true }).catch(() => {});
        }
      }
    }
  },
});

/** Runs `tower` in a home that was copied to a small disk, which is full, then to a read-only one. */
const UNWRITABLE = `
set -e; home=$1 small=$2; shift 2
mount -t tmpfs -o size=128k none "$small"
cp -r "$home/." "$small"
cat /dev/zero >"$small/fill" 2>/dev/null || :
"$@"
mount -o remount,ro "$small"
exec "$@"`;

Deno.test({
  ...named("hosts in a home that is full or read-only are found, and not changed", mountMissing),
  async fn() {
    using folder = tempFolder();
    const [home, small] = ["home", "small"].map((name) => join(folder.path, name)) as [
      string,
      string,
    ];
    for (const path of [home, small]) Deno.mkdirSync(path);
    layHost(join(home, ".local/tower"), "vault");
    await runner.run(towerCommand(home, "list"));
    const run = async (...args: string[]) => {
      const { argv, variables } = towerCommand(small, ...args);
      return await runner.run({
        argv: ["unshare", "--mount", "sh", "-c", UNWRITABLE, "sh", home, small, ...argv],
        variables,
        okCodes: [0, 1],
      });
    };
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    const listed = await run("list");
    assertEquals(text(listed.stdout).match(/^vault /gm)?.length, 2, text(listed.stderr));
    const refused = await run("deprovision", "vault", "--no-confirm");
    assertStringIncludes(text(refused.stderr), "the disk is full");
  },
});

Deno.test({
  ...named("what is no device to write to is refused, each with its own message", missing),
  async fn() {
    using folder = tempFolder();
    const image = await makeCardImage(folder.path);
    using tower = new TowerProgram();
    const cases: [string, string][] = [
      [join(folder.path, "none"), "there is no such file or folder"],
      [image, "it is no block device"],
      ["/dev/null", "it is no block device"],
      [folder.path, "it is no block device"],
    ];
    const before = Deno.readFileSync(image);
    for (const [device, message] of cases) {
      const { code, err } = await tower.run(...offline("vault", image, "--boot-device", device));
      assertEquals(code, 1, err);
      assertStringIncludes(err, message, device);
    }
    assertEquals(Deno.readFileSync(image), before);
    assertEquals((await tower.run("list")).out, "No host found.\n");
  },
});

Deno.test({
  ...named(
    "C7: keys and password lie in the host's folder and on its card, and nowhere else",
    missing,
  ),
  async fn() {
    using folder = tempFolder();
    const [home, temporary, images] = ["home", "tmp", "images"].map((name) => {
      Deno.mkdirSync(join(folder.path, name));
      return join(folder.path, name);
    }) as [string, string, string];
    const image = await makeCardImage(images);
    const card = join(images, "card.img");
    const answers = join(home, "answers.yaml");
    Deno.writeTextFileSync(answers, 'password: "s3cret word"\n');
    const words = offline("vault", image, "--device-file", card, "--answers", answers);
    const { argv, variables } = towerCommand(home, ...words);
    const { stdout, stderr } = await runner.run({
      argv,
      variables: { ...variables, TMPDIR: temporary },
    });
    const said = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
    assert(!/s3cret|PRIVATE/.test(said), said);
    const grep = async (text: string) => {
      const { stdout } = await runner.run({
        argv: ["grep", "-rlaF", "--", text, folder.path],
        okCodes: [0, 1],
      });
      return new TextDecoder().decode(stdout).split("\n").filter((line) => line !== "")
        .map((path) => path.replace(`${folder.path}/`, "")).sort();
    };
    const host = "home/.local/tower/hosts/vault";
    assertEquals(await grep("OPENSSH PRIVATE KEY"), [
      ...["id_ed25519", "ssh_host_ecdsa_key", "ssh_host_ed25519_key", "ssh_host_rsa_key"]
        .map((name) => `${host}/${name}`),
      "images/card.img",
    ]);
    assertEquals(await grep("s3cret word"), [`${host}/tower.env`, "home/answers.yaml"]);
    assertEquals(Array.from(Deno.readDirSync(temporary)), []);
    // The key that logs in stays here: the card has the host's own keys alone.
    const login = Deno.readTextFileSync(join(folder.path, host, "id_ed25519")).split("\n")[3]!;
    assertEquals(await grep(login), [`${host}/id_ed25519`]);
  },
});

Deno.test({
  ...named("an interrupted run ends with 130 and leaves nothing of a host behind", missing),
  async fn() {
    using folder = tempFolder();
    const home = join(folder.path, "home");
    Deno.mkdirSync(home);
    const image = await makeCardImage(folder.path);
    const card = join(folder.path, "card.img");
    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      await using child = runner.spawn(
        towerCommand(home, ...offline("vault", image, "--device-file", card)),
      );
      let said = "";
      let isSent = false;
      for await (const part of child.stderr) {
        said += new TextDecoder().decode(part);
        if (isSent || !said.includes("This will be done")) continue;
        isSent = true;
        child.kill(signal);
      }
      assertEquals(await child.ended, { kind: "exited", code: 130 }, said);
      const found = Array.from(Deno.readDirSync(folder.path), ({ name }) => name).sort();
      assertEquals(found, ["SHA256SUMS", "home", "host.img"]);
      const staging = join(home, ".local/tower/staging");
      const left = await Array.fromAsync(Deno.readDir(staging)).catch(() => []);
      assertEquals(left, []);
    }
  },
});
