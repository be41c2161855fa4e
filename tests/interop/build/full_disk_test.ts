import { assertEquals, assertMatch } from "@std/assert";
import { labFolder } from "../../../build/inputs/trusted_keys.ts";
import { realEnv } from "../../../lib/env.ts";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { tempDir } from "../../../lib/files/files.ts";
import { labMissing } from "../../support/build/lab_system.ts";
import { towerArgv, towerVariables } from "../../support/fleet/tower_process.ts";

const runner = denoRunner();
const missing = await mountsMissing() ?? labMissing();

/** A mount that no one else sees needs root, and a kernel that allows it. */
async function mountsMissing(): Promise<string | undefined> {
  if (Deno.uid() !== 0) return "only root mounts a small disk";
  const mount = "mount -t tmpfs none /mnt";
  const { ending } = await runner.run({
    argv: ["unshare", "--mount", "sh", "-c", mount],
    okCodes: [0, 1, 32],
  });
  return ending.kind === "exited" && ending.code === 0 ? undefined : "this machine mounts nothing";
}

/**
 * Builds the lab with a file system of some KiB on a folder; returns how it ended, its messages
 * and the files that are on the small disk afterwards.
 */
async function buildOnSmallDisk(folder: "cache" | "out", size: string, files: string) {
  using home = tempDir();
  const lab = labFolder(realEnv());
  const build = towerArgv(
    ...["build", "lab", "--repository", lab, "--keys", `${lab}/keys-public`],
    ...["--output", "out", "--lock", "lab.lock.json"],
  );
  const script = `mkdir ${folder}; mount -t tmpfs -o size=${size},nr_inodes=${files} none ${folder}
    "$@" 2>err; code=$?
    find ${folder} -type f
    exit $code`;
  const { ending, stdout } = await runner.run({
    argv: ["unshare", "--mount", "sh", "-c", script, "sh", ...build],
    cwd: home.path,
    variables: towerVariables(home.path),
    okCodes: [0, 1],
  });
  const err = Deno.readTextFileSync(`${home.path}/err`).replaceAll(home.path, "HOME");
  const found = new TextDecoder().decode(stdout).split("\n").filter((line) => line !== "");
  return { ending, error: err.slice(err.indexOf("error: ")), found };
}

function test(name: string, fn: () => Promise<void>): void {
  Deno.test({
    name: name + (missing ? ` (skipped: ${missing})` : ""),
    ignore: missing !== undefined,
    fn,
  });
}

const FAILED = { kind: "exited", code: 1 } as const;
const HINT = "  hint: Free some space, or choose another folder: --output for what is built, " +
  "XDG_CACHE_HOME for the cache\n";

test("a full disk below the artifacts is told, and no part of one stays", async () => {
  for (const size of ["64k", "8m", "64m"]) {
    const { ending, error, found } = await buildOnSmallDisk("out", size, "1k");
    assertEquals([ending, found], [FAILED, []]);
    assertEquals(
      error,
      'error: Cannot write "lab.img"\n' +
        '  because: Cannot write "HOME/out/lab.img": the disk is full\n' + HINT,
    );
  }
});

test("a full disk below the cache is told, and nothing unfinished stays", async () => {
  for (const [size, files] of [["8k", "1k"], ["1m", "1k"], ["40m", "1k"], ["1g", "60"]] as const) {
    const { ending, error, found } = await buildOnSmallDisk("cache", size, files);
    assertEquals(ending, FAILED, `${size} ${files}`);
    assertMatch(error, /: the disk is full\n/);
    assertEquals(error.endsWith(HINT), true, error);
    assertEquals(found.filter((path) => path.includes("/tmp/")), [], `${size} ${files}`);
  }
});
