import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { labFolder } from "../../build/inputs/trusted_keys.ts";
import { realEnv } from "../../lib/env.ts";
import { hashFile } from "../../lib/files/artifact_file.ts";
import { exists, listDir, removeTree, tempDir } from "../../lib/files/files.ts";
import { labMissing } from "../support/build/lab_system.ts";
import { runTower, startTower, timedTower } from "../support/fleet/tower_process.ts";
import { unfinishedFiles } from "../support/build/unfinished_files.ts";

const missing = labMissing();
const lab = labFolder(realEnv());
const REPOSITORY = ["--repository", lab, "--keys", `${lab}/keys-public`];
const BUILD = ["build", "system.yaml", ...REPOSITORY, "--output", "out"];
const ARTIFACTS = ["lab.img", "lab.tar"];
const EXITED = { kind: "exited", code: 0 } as const;

const DISK = {
  kind: "disk",
  file: "lab.img",
  table: "gpt",
  boot: { free: "8MiB" },
  root: { free: "8MiB" },
  loaders: ["syslinux"],
  flavour: "virt",
  initramfs: "/boot/initramfs-virt",
};

/** Enough to have a disk and a second output, so that one may be there without the other. */
function manifest(motd = "hello\n", order: "disk first" | "tar first" = "disk first"): string {
  const outputs = [DISK, { kind: "tar", file: "lab.tar" }];
  const files = [
    { path: "/etc/motd", contents: motd },
    { path: "/boot/vmlinuz-virt", contents: "not for booting" },
    { path: DISK.initramfs, contents: "not for booting" },
  ];
  return JSON.stringify({
    name: "interrupted",
    arches: ["x86_64"],
    repositories: ["lab"],
    stages: [
      { kind: "packages", world: ["alpine-base", "openssh-server", "syslinux"] },
      { kind: "files", files },
    ],
    outputs: order === "disk first" ? outputs : outputs.toReversed(),
  });
}

function test(name: string, fn: (home: string) => Promise<void>): void {
  Deno.test({
    name: name + (missing ? ` (skipped: ${missing})` : ""),
    ignore: missing !== undefined,
    async fn() {
      using dir = tempDir();
      Deno.writeTextFileSync(`${dir.path}/system.yaml`, manifest());
      await fn(dir.path);
    },
  });
}

const digests = (folder: string) => ARTIFACTS.map((name) => hashFile(`${folder}/${name}`));

/** The digests of a whole build, and how long it took with an empty cache. */
async function wholeBuild(home: string): Promise<{ good: string[]; time: number }> {
  const start = performance.now();
  const { ending, err } = await runTower(home, ...BUILD);
  const time = performance.now() - start;
  assertEquals(ending, EXITED, err);
  const good = digests(`${home}/out`);
  assertEquals(unfinishedFiles(home), []);
  return { good, time };
}

function forget(home: string): void {
  for (const name of ["out", "cache"]) removeTree(`${home}/${name}`);
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Kills a build after `ms`; says how many milliseconds it took where it ended by itself before that, as
 * it does where the build that the time was taken of had a slower computer.
 */
async function lastsUntilKilled(home: string, ms: number): Promise<number | undefined> {
  await using build = startTower(home, ...BUILD);
  const start = performance.now();
  await Promise.race([pause(ms), build.ended]);
  const lasted = performance.now() - start;
  build.kill("SIGKILL");
  const { ending } = await build.ended;
  return ending.kind === "signalled" ? undefined : lasted;
}

test("a build that is killed at any moment leaves no part of an artifact, and the next is whole", async (home) => {
  const { good, time } = await wholeBuild(home);
  const moments = 15;
  let killed = 0, leftOver = 0, span = time;
  for (let i = 1; i <= moments; i++) {
    forget(home);
    const lasted = await lastsUntilKilled(home, span * i / (moments + 1));
    if (lasted === undefined) killed++;
    else span = lasted;
    leftOver += unfinishedFiles(home).length;
    for (const [k, name] of ARTIFACTS.entries()) {
      const path = `${home}/out/${name}`;
      if (exists(path)) assertEquals(hashFile(path), good[k], `${name} after moment ${i}`);
    }
    const next = await runTower(home, ...BUILD);
    assertEquals(next.ending, EXITED, next.err);
    assertEquals(digests(`${home}/out`), good, `moment ${i}`);
    assertEquals(unfinishedFiles(home), [], `moment ${i}`);
  }
  assert(killed > moments / 2, `${killed} of ${moments} builds were still running`);
  assert(leftOver > 0, "no killed build left anything to clean up");
});

test("a build that is killed while it compresses leaves no part of an image or a map", async (home) => {
  const compressed = JSON.parse(manifest());
  compressed.outputs = [{ ...DISK, compression: "zstd" }];
  Deno.writeTextFileSync(`${home}/system.yaml`, JSON.stringify(compressed));
  const files = ["lab.img.zst", "lab.img.bmap", "SHA256SUMS"];
  const left: { path: string; digest: string; wait: number }[] = [];
  let killed = 0;
  for (const wait of [0, 300, 900]) {
    removeTree(`${home}/out`);
    await using build = startTower(home, ...BUILD);
    const raw = () => unfinishedFiles(home).some((path) => path.includes(".img.zst."));
    while (!raw() && !exists(`${home}/out/record.json`)) await pause(10);
    await pause(wait);
    build.kill("SIGKILL");
    const { ending } = await build.ended;
    if (ending.kind === "signalled") killed++;
    for (const path of files.map((file) => `${home}/out/${file}`).filter(exists)) {
      left.push({ path, digest: hashFile(path), wait });
    }
  }
  assert(killed > 0, "every build was done before it was killed");
  const next = await runTower(home, ...BUILD);
  assertEquals([next.ending, unfinishedFiles(home)], [EXITED, []], next.err);
  assertEquals((await runTower(home, "verify", "out")).ending, EXITED);
  // A build that was as good as done may have left whole files: each is renamed into its place.
  for (const { path, digest, wait } of left) {
    assertEquals(digest, hashFile(path), `${path} after ${wait} ms`);
  }
});

test("a build that SIGTERM or SIGINT ends says so, with 130, and takes its files along", async (home) => {
  const { good, time } = await wholeBuild(home);
  let ended = 0;
  // The whole build may have had a slower computer: then the parts of its time are made shorter.
  for (const part of [0.9, 0.7, 0.5, 0.3, 0.2, 0.1, 0.05]) {
    if (part < 0.3 && ended >= 2) break;
    forget(home);
    const signal = part < 0.6 ? "SIGTERM" : "SIGINT";
    await using build = startTower(home, ...BUILD);
    await pause(time * part);
    build.kill(signal);
    const { ending, out, err } = await build.ended;
    assertEquals(unfinishedFiles(home), [], `${part}`);
    if (ending.kind === "exited" && ending.code === 0) {
      assertEquals(digests(`${home}/out`), good);
      continue;
    }
    ended++;
    assertEquals([ending, out], [{ kind: "exited", code: 130 }, ""], err);
    assertMatch(err, new RegExp(`error: Cannot go on: ${signal} was received\n$`));
    assertEquals(exists(`${home}/out/record.json`), false);
  }
  assert(ended >= 2, `${ended} builds were ended`);
});

test("two builds at once of one system into one folder give one whole build", async (home) => {
  const results = await Promise.all([runTower(home, ...BUILD), runTower(home, ...BUILD)]);
  for (const { ending, err } of results) assertEquals(ending, EXITED, err);
  assertEquals(results[0]!.out, results[1]!.out);
  assertEquals(unfinishedFiles(home), []);
  assertMatch(results.map((r) => r.err).join(""), /nothing changed since the last build/);
  assertEquals((await runTower(home, "verify", "out")).ending, EXITED);
});

test("two builds at once into two folders share the cache and give the same bytes", async (home) => {
  const into = (out: string) => runTower(home, ...BUILD.slice(0, -1), out);
  const results = await Promise.all([into("one"), into("two")]);
  for (const { ending, err } of results) assertEquals(ending, EXITED, err);
  assertEquals(digests(`${home}/one`), digests(`${home}/two`));
  assertEquals(unfinishedFiles(home), []);
});

test("two different builds at once into one folder leave one of them, never a mixture", async (home) => {
  Deno.writeTextFileSync(`${home}/other.yaml`, manifest("another\n", "tar first"));
  const results = await Promise.all(
    ["system.yaml", "other.yaml"].map((file) => runTower(home, "build", file, ...BUILD.slice(2))),
  );
  for (const { ending, err } of results) assertEquals(ending, EXITED, err);
  assertNotEquals(results[0]!.out, results[1]!.out);
  const verified = await runTower(home, "verify", "out");
  assertEquals(verified.ending, EXITED, verified.out);
  assertEquals(unfinishedFiles(home), []);
});

test("a build that is killed while it loads a damaged package again leaves the next one whole", async (home) => {
  const { good } = await wholeBuild(home);
  const blobs = `${home}/cache/tower/store/blobs/sha256`;
  const largest = listDir(blobs).flatMap((part) =>
    listDir(`${blobs}/${part}`).map((name) => `${blobs}/${part}/${name}`)
  ).reduce((a, b) => Deno.statSync(b).size > Deno.statSync(a).size ? b : a);
  const damage = () => {
    removeTree(`${home}/out`);
    Deno.chmodSync(largest, 0o644);
    using file = Deno.openSync(largest, { write: true });
    // All of it, so that some file of the package is hit.
    file.writeSync(new Uint8Array(1 << 20).fill(0x5a));
  };
  damage();
  const start = performance.now();
  const healed = await runTower(home, ...BUILD);
  const time = performance.now() - start;
  assertEquals(healed.ending, EXITED, healed.err);
  assertMatch(healed.err, /was damaged in the store: loading it again/);
  assertEquals(digests(`${home}/out`), good);
  const moments = 6;
  let killed = 0, span = time;
  for (let i = 1; i <= moments; i++) {
    damage();
    const lasted = await lastsUntilKilled(home, span * i / (moments + 1));
    if (lasted === undefined) killed++;
    else span = lasted;
    const next = await runTower(home, ...BUILD);
    assertEquals(next.ending, EXITED, `moment ${i}: ${next.err}`);
    assertEquals(digests(`${home}/out`), good, `moment ${i}`);
    assertEquals(unfinishedFiles(home), [], `moment ${i}`);
  }
  assert(killed > moments / 2, `${killed} of ${moments} builds were still running`);
});

test("a build that nothing changed takes no more work than to plan one", async (home) => {
  const { good } = await wholeBuild(home);
  // Processor time: other work on the machine makes each wait, but adds little to it.
  const least = async (...args: readonly string[]) => {
    const runs = [];
    for (let i = 0; i < 3; i++) runs.push(await timedTower(home, ...args));
    for (const { ending, err } of runs) assertEquals(ending, EXITED, err);
    return { seconds: Math.min(...runs.map(({ seconds }) => seconds)), said: runs[0]!.err };
  };
  const plan = await least("plan", "system.yaml", ...REPOSITORY);
  removeTree(`${home}/cache/tower/store/blobs`); // no package can be opened
  const unchanged = await least(...BUILD);
  assertEquals(unchanged.said, "nothing changed since the last build\n");
  assertEquals(digests(`${home}/out`), good);
  assert(
    unchanged.seconds <= 1.5 * plan.seconds,
    `${unchanged.seconds} s of a processor; a plan takes ${plan.seconds}`,
  );
});
