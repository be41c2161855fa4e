import { assert, assertEquals, assertMatch } from "@std/assert";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { debugfs, missingTools } from "../../support/format/ext4_judge.ts";
import { FULL_OUTPUTS, fullInputs } from "../../support/build/full_system.ts";
import { labMissing } from "../../support/build/lab_system.ts";
import { SharedProgram } from "../../support/program/shared_program.ts";
import {
  assertUnprivileged,
  NOBODY,
  runUnprivileged,
  unprivilegedMissing,
} from "../../support/program/unprivileged.ts";
import { run } from "../../support/program/run_tool.ts";

const runner = denoRunner();
const tools = [
  ...missingTools,
  ...["sfdisk", "tar", "cpio", "openssl"].filter((t) => !runner.which(t)),
];
const missing = tools.length > 0
  ? `${tools.join(", ")} missing`
  : labMissing() ?? await unprivilegedMissing();

/** What the odd package and its script make: mode, owner, kind. */
const ODD = {
  "setuid": { mode: 0o4755, uid: 0, gid: 0 },
  "setgid": { mode: 0o2755, uid: 0, gid: 42 },
  "numbers": { mode: 0o640, uid: 1234, gid: 5678 },
  "null": { mode: 0o666, uid: 0, gid: 0 },
  "sticky": { mode: 0o1777, uid: 0, gid: 0 },
};

Deno.test({
  name:
    "D4: every command works as nobody, without capabilities and user namespaces, and what it " +
    `writes has the right owners, modes and devices${missing ? ` (skipped: ${missing})` : ""}`,
  ignore: missing !== undefined,
  async fn() {
    await assertUnprivileged();
    using program = await SharedProgram.make();
    const { manifest, options } = await fullInputs(program);
    const home = program.writable("home");
    const work = program.writable("work");
    const run = async (...args: string[]) => {
      const variables = { ...program.variables, HOME: home, XDG_CACHE_HOME: `${home}/cache` };
      const command = { argv: program.argv(...args), cwd: work, variables };
      const { ending, out, err } = await runUnprivileged(command);
      assertEquals(ending, { kind: "exited", code: 0 }, `${args.join(" ")}\n${err}`);
      return out;
    };
    const system = [manifest, ...options, "--output", "out"];

    assertMatch(await run("lock", ...system), /^sha256:/);
    assertEquals(JSON.parse(await run("plan", ...system, "--json")).system, "full");
    const tree = await run("show-tree", ...system);
    const built = await run("build", ...system);
    assertEquals(built.trim().split("\n").length, FULL_OUTPUTS.length);
    await run("verify", "out");
    // The lab alone: what it holds is known, whatever the odd repository has.
    const lab = options.slice(0, 4);
    assertMatch(await run("resolve", "oddities", ...options), /\noddities-1\.0-r0\n$/);
    await run("why", "busybox", "--system", "lab", ...lab);
    await run("why-not", "nothing", "--system", "lab", ...lab);
    await packAsNobody(work, run);

    const uid = Number(/^oddity:x:(\d+):(\d+):/m.exec(await passwd(`${work}/out/full.tar`))![1]);
    assert(uid > 0 && uid !== NOBODY, `uid ${uid}`);
    await assertTar(`${work}/out/full.tar`, uid);
    await assertTar(`${work}/out/full.tar.gz`, uid);
    await assertCpio(`${work}/out/full.cpio.gz`, uid);
    await assertDisk(`${work}/out/gpt.img`, uid);
    await assertDisk(`${work}/out/mbr.img`, uid);
    assertMatch(tree, /^c0666 0 0 1,3 package:oddities \/opt\/oddities\/null$/m);
    for (const name of FULL_OUTPUTS) {
      assertEquals(Deno.statSync(`${work}/out/${name}`).uid, NOBODY);
    }
  },
});

async function packAsNobody(
  work: string,
  run: (...args: string[]) => Promise<string>,
): Promise<void> {
  const make = async (script: string) => {
    const { ending, err } = await runUnprivileged({ argv: ["sh", "-ec", script], cwd: work });
    assertEquals(ending, { kind: "exited", code: 0 }, err);
  };
  await make(`mkdir -p tree/bin repo/x86_64 pub; echo hi > tree/bin/hi
    openssl genrsa -out my.rsa 2048; openssl rsa -in my.rsa -pubout -out pub/my.rsa.pub
    printf 'pkgname = hi\\npkgver = 1\\narch = x86_64\\n' > hi.PKGINFO`);
  await run(
    "repo",
    "pack",
    "tree",
    "--info",
    "hi.PKGINFO",
    "--key",
    "my.rsa",
    "--output",
    "repo/x86_64",
  );
  await run("repo", "index", "repo/x86_64", "--key", "my.rsa", "--keys", "pub");
  const found = await run("resolve", "hi", "--repository", `${work}/repo`, "--keys", "pub");
  assertEquals(found, "hi-1\n");
}

function passwd(tar: string): Promise<string> {
  return run("tar", "-xOf", tar, "etc/passwd");
}

async function assertTar(path: string, uid: number): Promise<void> {
  const lines = (await run("tar", "--numeric-owner", "-tvf", path)).split("\n");
  const line = (name: string) => lines.find((l) => l.endsWith(` opt/oddities/${name}`)) ?? name;
  assertMatch(line("setuid"), /^-rwsr-xr-x 0\/0 /);
  assertMatch(line("setgid"), /^-rwxr-sr-x 0\/42 /);
  assertMatch(line("numbers"), /^-rw-r----- 1234\/5678 /);
  assertMatch(line("owned"), new RegExp(`^-rw------- ${uid}/`));
  assertMatch(line("null"), /^crw-rw-rw- 0\/0 +1,3 /);
  assertMatch(line("sticky/"), /^drwxrwxrwt 0\/0 /);
}

async function assertCpio(path: string, uid: number): Promise<void> {
  const listed = await run("sh", "-c", `gzip -dc "${path}" | cpio -itv --numeric-uid-gid`);
  const lines = listed.split("\n");
  const line = (name: string) => lines.find((l) => l.endsWith(` opt/oddities/${name}`)) ?? name;
  assertMatch(line("setuid"), /^-rwsr-xr-x +1 0 +0 /);
  assertMatch(line("setgid"), /^-rwxr-sr-x +1 0 +42 /);
  assertMatch(line("numbers"), /^-rw-r----- +1 1234 +5678 /);
  assertMatch(line("owned"), new RegExp(`^-rw------- +1 ${uid} `));
  assertMatch(line("null"), /^crw-rw-rw- +1 0 +0 +1, +3 /);
}

async function assertDisk(image: string, uid: number): Promise<void> {
  const { partitions } = JSON.parse(await run("sfdisk", "--json", image)).partitiontable;
  const names = [...Object.keys(ODD), "owned"];
  const answers = await debugfs(
    `${image}?offset=${partitions[1].start * 512}`,
    names.map((name) => `stat /opt/oddities/${name}`),
  );
  const number = (text: string, pattern: RegExp, base = 10) =>
    parseInt(pattern.exec(text)?.[1] ?? "", base);
  const found = answers.map((text) => ({
    mode: number(text, /Mode: +([0-7]+)/, 8),
    uid: number(text, /User: +(\d+)/),
    gid: number(text, /Group: +(\d+)/),
  }));
  assertEquals(found.slice(0, -1), Object.values(ODD));
  assertEquals([found.at(-1)!.mode, found.at(-1)!.uid], [0o600, uid]);
  assertMatch(answers[names.indexOf("null")]!, /Type: character special/);
  assertMatch(answers[names.indexOf("null")]!, /Device major\/minor number: 0*1:0*3/);
}
