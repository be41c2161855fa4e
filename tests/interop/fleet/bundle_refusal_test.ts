import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { readBundle } from "../../../lib/bundle/reader.ts";
import {
  bundledBytes,
  type BundledFile,
  bundlePieces,
  bundleSums,
} from "../../../lib/bundle/writer.ts";
import { concat, memorySource } from "../../../lib/bytes/bytes.ts";
import type { Command } from "../../../lib/proc/command.ts";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { privateKeyFile, readPrivateKeyFile } from "../../../lib/ssh_signature/private_key.ts";
import { FILE_NAMESPACE, signMessage } from "../../../lib/ssh_signature/signature.ts";
import { oracleData } from "../../support/apk/alpine_oracle.ts";
import { OTHER_KEY, TEST_KEY, type TestKey } from "../../support/apk/test_keys.ts";
import { makeProgramRepository } from "../../support/desktop/program_repository.ts";
import {
  PackageTower,
  packageTowerMissing,
  REPOSITORY,
} from "../../support/fleet/package_tower.ts";
import { Untouched } from "../../support/fleet/untouched.ts";
import { tempFolder } from "../../support/program/file_sink.ts";
import { named } from "../../support/program/missing_programs.ts";

const runner = denoRunner();
const missing = packageTowerMissing(runner);
const PAD = "repositories/0/x86_64/pad-1.0-r0.apk";
const KEY_FILE = privateKeyFile(new Uint8Array(32).fill(7), "test");

/** The test's signer, whose key lies where that of images does. */
function signer() {
  const key = readPrivateKeyFile(KEY_FILE, "test");
  if (key.kind !== "ed25519") throw new Error("it is no ed25519 key");
  return { key, line: `ssh-ed25519 ${key.blob.toBase64()} test\n` };
}

/** Bytes that nothing makes smaller. */
function noise(size: number): Uint8Array {
  let state = 1;
  return Uint8Array.from({ length: size }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 24;
  });
}

/** `vault` trusts the key of the repository, `keys` another one. */
async function towerWithPad() {
  const place = await PackageTower.create(runner, oracleData()!, ["keys"]);
  const trusts: Record<string, TestKey> = { vault: TEST_KEY, keys: OTHER_KEY };
  place.knowOwn((host) => trusts[host]!);
  offer(place, 1_700_000_000);
  const config = join(place.tower.env.home, ".config/tower");
  Deno.mkdirSync(config, { recursive: true });
  Deno.writeTextFileSync(join(config, "image_key"), KEY_FILE, { mode: 0o600 });
  Deno.writeTextFileSync(join(place.tower.folder, "image_signers"), signer().line);
  return place;
}

function offer({ repository }: PackageTower, buildTime: number): void {
  const files = { "usr/share/pad": noise(200_000) };
  makeProgramRepository(join(repository, "own"), {
    pad: { files, buildTime, depends: ["pad-libs"] },
    "pad-libs": { files: { "usr/share/pad-libs": "1" }, buildTime },
  });
}

/** A bundle with some of its files changed, signed by the same key as if the signer had made it. */
function resigned(bytes: Uint8Array, change: (files: Map<string, Uint8Array>) => void): Uint8Array {
  const bundle = readBundle(memorySource(bytes), '"good"', undefined);
  const contents = new Map(
    Array.from(bundle.files.keys(), (name) => [
      name,
      concat(Array.from(bundle.read(name), (piece) => piece.slice())),
    ]),
  );
  change(contents);
  const files: BundledFile[] = Array.from(contents, ([name, of]) => bundledBytes(name, of));
  const sums = bundleSums(files);
  const signature = signMessage(signer().key, FILE_NAMESPACE, sums);
  return concat(Array.from(bundlePieces(files, sums, signature), (piece) => piece.slice()));
}

Deno.test({
  ...named("a bundle that is not what its hosts trust changes nothing", missing),
  async fn(t) {
    await using place = await towerWithPad();
    using folder = tempFolder();
    const { tower, repository } = place;
    const at = (name: string) => join(folder.path, name);
    const [good, bad] = [at("good.tower"), at("bad.tower")];
    const untouched = await Untouched.since(place);
    const worldOf = (host: string) =>
      Deno.readTextFileSync(join(place.roots[host]!, "etc/apk/world"));
    const worlds = [worldOf("vault"), worldOf("keys")];
    const forget = () => Deno.removeSync(join(tower.env.cacheDir, "store"), { recursive: true });
    const refused = async (says: string, ...words: string[]) => {
      const { code, err } = await tower.run("install", ...words);
      assertEquals(code, 1, err);
      assertStringIncludes(err, says);
      assertEquals([worldOf("vault"), worldOf("keys")], worlds);
    };

    await t.step("a password of a repository is not in it", async () => {
      const path = join(place.root, "etc/apk/repositories"), old = Deno.readTextFileSync(path);
      Deno.writeTextFileSync(path, `${REPOSITORY.replace("//", "//user:geheim@")}/own\n`);
      const made = await tower.run("bundle", "create", good, "--for", "vault", "pad");
      assertEquals(made.code, 0, made.err);
      assertEquals((await tower.run("bundle", "ask", at("wish"), "vault", "pad")).code, 0);
      Deno.writeTextFileSync(path, old);
      const has = (file: string) =>
        new TextDecoder().decode(Deno.readFileSync(file)).includes("geheim");
      assertEquals([has(good), has(at("wish"))], [false, true]);
      forget();
      const plain = await tower.run(
        ...["bundle", "create", at("plain"), "--for", "vault", "pad", "--new-sources"],
      );
      assertEquals(plain.code, 0, plain.err);
      assertEquals(Deno.readFileSync(at("plain")), Deno.readFileSync(good));
      forget();
    });
    const bytes = Deno.readFileSync(good);
    await t.step("cut off, longer, or with another byte", async () => {
      const flipped = bytes.slice();
      flipped[bytes.length >> 1]! ^= 1;
      for (
        const [wrong, says] of [
          [bytes.subarray(0, bytes.length >> 1), "it is cut off"],
          [concat([bytes, new Uint8Array(512)]), "more follows"],
          [flipped, 'pad-1.0-r0.apk" is not the one that was signed'],
          [new Uint8Array(2048), "it is no bundle"],
        ] as const
      ) {
        Deno.writeFileSync(bad, wrong);
        await refused(says, "vault", "--from", bad);
        assertEquals((await tower.run("bundle", "show", bad)).code, 1);
      }
      await refused("it is a folder", "vault", "--from", folder.path);
    });
    await t.step("a package that is not the index's, though the bundle is signed", async () => {
      const other = Deno.readFileSync(join(repository, "own/x86_64/pad-libs-1.0-r0.apk"));
      for (const wrong of [other, noise(300_000), new Uint8Array()]) {
        Deno.writeFileSync(bad, resigned(bytes, (files) => files.set(PAD, wrong)));
        assertEquals((await tower.run("bundle", "show", bad)).code, 0);
        await refused("pad-1.0-r0.apk", "vault", "--from", bad);
      }
      Deno.writeFileSync(bad, resigned(bytes, (files) => files.delete(PAD)));
      await refused("it lacks pad-1.0-r0\n", "vault", "--from", bad);
    });
    await t.step("an index that the host's keys have not signed", async () => {
      await refused("no trusted key made it", "keys", "pad", "--from", good);
      assertEquals((await tower.run("install", "keys", "--from", good)).code, 2);
      await refused("has no index of", "vault", "--from", elsewhereNamed());
      function elsewhereNamed() {
        const renamed = resigned(bytes, (files) => {
          const text = new TextDecoder().decode(files.get("bundle.json"));
          files.set("bundle.json", new TextEncoder().encode(text.replace("/own", "/other")));
        });
        Deno.writeFileSync(at("renamed"), renamed);
        return at("renamed");
      }
    });
    await t.step(
      "what is wrong on the command line is told before the file is looked at",
      async () => {
        for (const other of ["--offline", "--restore", "--repair"]) {
          const { code, err } = await tower.run("install", "vault", "--from", bad, other);
          assertEquals(code, 2);
          assertStringIncludes(err, `Cannot install with --from and ${other} at once`);
        }
        assertEquals((await tower.run("install", "vault", "pad", "--signers", bad)).code, 2);
      },
    );
    await t.step("an index older than one that was read before, unless it is allowed", async () => {
      offer(place, 1_800_000_000);
      assertEquals((await tower.run("install", "--dry-run", "vault", "pad")).code, 0);
      await refused(
        "of 2023-11-14, of one that was read before of 2027-01-15",
        "vault",
        "--from",
        good,
      );
      const { code, err } = await tower.run("install", "vault", "--from", good, "--allow-old");
      assertEquals(code, 0, err);
      assertStringIncludes(worldOf("vault"), "pad\n");
      assertEquals((await tower.run("uninstall", "vault", "pad")).code, 0);
    });
    await untouched.require();
    await t.step("packages for hosts that are not known come with all that they need", async () => {
      Deno.mkdirSync(at("keys"));
      Deno.writeTextFileSync(at(`keys/${TEST_KEY.trusted.name}`), TEST_KEY.trusted.pem);
      Deno.writeTextFileSync(at("signer"), KEY_FILE, { mode: 0o600 });
      const any = at("any.tower");
      const words = [
        ...["bundle", "create", any, "--packages", "pad", "--arch", "x86_64", "--keys", at("keys")],
        ...["--repository", `${REPOSITORY}/own`, "--key", at("signer"), "--json"],
      ];
      const { stdout } = await runner.run(await place.elsewhere(runner, folder.path, ...words));
      const made = JSON.parse(new TextDecoder().decode(stdout));
      assertEquals(made.for, [{ arch: "x86_64", packages: ["pad"] }]);
      assertEquals(made.files.map(({ file }: { file: string }) => file), [
        "APKINDEX.tar.gz",
        "pad-1.0-r0.apk",
        "pad-libs-1.0-r0.apk",
      ]);
      const path = join(place.root, "etc/apk/repositories");
      Deno.writeTextFileSync(path, `${REPOSITORY}\n${REPOSITORY}/own\n`);
      const { code, err } = await tower.run("install", "vault", "--from", any, "--new-sources");
      assertEquals(code, 0, err);
      assertStringIncludes(err, "vault does without: ");
      assertStringIncludes(err, `has no index of ${REPOSITORY} for x86_64`);
      assertStringIncludes(worldOf("vault"), "pad\n");
    });
  },
});

Deno.test({
  ...named("a bundle that cannot be written whole is not there", missing),
  async fn(t) {
    await using place = await towerWithPad();
    using folder = tempFolder();
    const at = (name: string) => join(folder.path, name);
    const { tower, repository } = place;
    Deno.mkdirSync(at("out"));
    Deno.writeTextFileSync(at("signer"), KEY_FILE, { mode: 0o600 });
    assertEquals((await tower.run("bundle", "ask", at("wish"), "vault", "pad")).code, 0);
    const words = (out: string) => [
      ...["bundle", "create", out, "--asked", at("wish"), "--key", at("signer")],
    ];
    const left = () => Array.from(Deno.readDirSync(at("out")), ({ name }) => name);

    await t.step("where it is killed while it fetches", async () => {
      const half = join(repository, "own/x86_64/pad-1.0-r0.apk.half");
      Deno.writeTextFileSync(half, "");
      for (const signal of ["SIGTERM", "SIGKILL"] as const) {
        const asked = place.asked.length;
        const command = await place.elsewhere(runner, folder.path, ...words(at("out/b.tower")));
        await using child = runner.spawn(command);
        void child.stdout.cancel();
        void child.stderr.cancel();
        for (
          let tries = 0;
          !place.asked.slice(asked).some((path) => path.includes("pad-1.0"));
          tries++
        ) {
          assert(tries < 600, place.asked.join());
          await new Promise((resolve) => setTimeout(resolve, 100));
        }
        child.kill(signal);
        await child.ended;
        assertEquals(left(), []);
      }
      Deno.removeSync(half);
    });
    await t.step("where the disk is full; what a killed one left goes with the next", async () => {
      const script = `mount -t tmpfs -o size=$0 none ${at("out")} || exit 9
        echo part >${at("out/.b.tower.1-0.tmp")}
        "$@"; code=$?
        ls -A ${at("out")} >&2
        exit $code`;
      const onDisk = async (size: string) => {
        const command = await place.elsewhere(runner, folder.path, ...words(at("out/b.tower")));
        const argv = ["unshare", "--mount", "sh", "-c", script, size, ...command.argv] as const;
        const inside: Command = { ...command, argv: [...argv], okCodes: [0, 1] };
        const { ending, stderr } = await runner.run(inside);
        return { ending, err: new TextDecoder().decode(stderr) };
      };
      const full = await onDisk("100k");
      assertEquals(full.ending, { kind: "exited", code: 1 });
      assertStringIncludes(full.err, "the disk is full");
      assert(!full.err.includes("\nb.tower") && !full.err.includes(".tmp\n"), full.err);
      const whole = await onDisk("2m");
      assertEquals(whole.ending, { kind: "exited", code: 0 }, whole.err);
      assert(whole.err.endsWith("\nb.tower\n") && !whole.err.includes(".tmp\n"), whole.err);
    });
  },
});
