/** Signals, a full disk, and another one at the same place: `extract` leaves all or nothing. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { tempDir } from "../../../lib/files/files.ts";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { createMeter } from "../../../tasks/bench/measure.ts";
import { startTower, towerArgv, towerVariables } from "../../support/fleet/tower_process.ts";
import { named, programsMissing } from "../../support/program/missing_programs.ts";
import { SharedProgram } from "../../support/program/shared_program.ts";
import { run } from "../../support/program/run_tool.ts";
import { runUnprivileged, unprivilegedMissing } from "../../support/program/unprivileged.ts";

const runner = denoRunner();
const GIB = 2 ** 30;
const missing = programsMissing(runner, "mke2fs", "unshare");
const noUser = missing ?? await unprivilegedMissing();
/** Bytes of memory beyond which 4 GiB were not read piece by piece; the program itself has 100 MiB. */
const MEMORY = 300 * 2 ** 20;

/** A home with an image of files: some small ones, and one of 4 GiB that are holes but for its end. */
async function home() {
  const folder = tempDir();
  const { path } = folder;
  Deno.mkdirSync(`${path}/root/closed/inner`, { recursive: true });
  for (let i = 0; i < 50; i++) Deno.writeTextFileSync(`${path}/root/closed/inner/${i}`, `${i}\n`);
  Deno.writeFileSync(`${path}/root/many`, new Uint8Array(8 << 20).fill(7));
  {
    using large = Deno.openSync(`${path}/root/large`, { write: true, create: true });
    large.truncateSync(4 * GIB - 4);
    large.seekSync(0, Deno.SeekMode.End);
    large.writeSync(new TextEncoder().encode("end\n"));
  }
  Deno.chmodSync(`${path}/root/closed/inner`, 0o555);
  Deno.chmodSync(`${path}/root/closed`, 0o555);
  await run("mke2fs", "-q", "-F", "-t", "ext4", "-d", `${path}/root`, `${path}/a.ext4`, "4500M");
  Deno.chmodSync(path, 0o755);
  return folder;
}

const names = (folder: string) => [...Deno.readDirSync(folder)].map(({ name }) => name).sort();

/** What lies beside the result until it is whole. */
const unfinished = (folder: string) => names(folder).filter((name) => name.startsWith("."));

Deno.test({
  ...named("extract ended by a signal leaves nothing half-written", missing),
  async fn(t) {
    using place = await home();
    const { path } = place;
    for (const what of ["/", "/large"]) {
      for (const [signal, code] of [["SIGINT", 130], ["SIGTERM", 130], ["SIGKILL", 137]] as const) {
        await t.step(`${signal} while ${what} is written`, async () => {
          Deno.mkdirSync(`${path}/out`);
          await using tower = startTower(
            path,
            ...["extract", "a.ext4", what, "--output", "out/result"],
          );
          let over = false;
          void tower.ended.then(() => over = true);
          while (unfinished(`${path}/out`).length === 0 && !over) {
            await new Promise((resolve) => setTimeout(resolve, 10));
          }
          tower.kill(signal);
          const { ending, err } = await tower.ended;
          if (ending.kind === "exited" && ending.code === 0) {
            // It was faster than the signal.
            assertEquals(names(`${path}/out`), ["result"], err);
            await run("rm", "-rf", `${path}/out/result`);
          } else if (signal === "SIGKILL") {
            assertEquals(ending, { kind: "signalled", signal });
            assertEquals(names(`${path}/out`).includes("result"), false);
          } else {
            assertEquals(ending, { kind: "exited", code }, err);
            assertEquals(names(`${path}/out`), [], err);
          }
          // What a killed one left goes with the next one there.
          const next = ["extract", "a.ext4", "/closed", "--output", "out/result"];
          await using after = startTower(path, ...next);
          assertEquals((await after.ended).ending, { kind: "exited", code: 0 });
          if (what === "/") assertEquals(names(`${path}/out`), ["result"]);
          await run("rm", "-rf", `${path}/out`);
        });
      }
    }
  },
});

Deno.test({
  ...named("4 GiB go through extract, show-tree and diff in little memory", missing),
  async fn() {
    using place = await home();
    const meter = createMeter(runner, place.path);
    const measure = async (...args: string[]) => {
      const { sample } = await meter.measure({
        argv: towerArgv(...args),
        cwd: place.path,
        variables: towerVariables(place.path),
      });
      if (sample.memory !== undefined) {
        assert(sample.memory < MEMORY, `${args.join(" ")}: ${sample.memory} bytes`);
      }
    };
    await measure("show-tree", "a.ext4");
    await measure("extract", "a.ext4", "/", "--output", "all");
    const { size, blocks } = Deno.statSync(`${place.path}/all/large`);
    assertEquals(size, 4 * GIB);
    assert(blocks! < 1000, `holes became ${blocks} blocks`);
    await measure("diff", "a.ext4", "a.ext4", "--contents");
  },
});

Deno.test({
  ...named("a disk that is full is told, and nothing of what was extracted stays", missing),
  async fn() {
    using place = await home();
    const script = `mkdir small; mount -t tmpfs -o size=4m none small
      for what in / /many /closed/inner/1; do
        "$@" "$what" --output small/result; echo "$? $(ls -A small | wc -l)"
      done`;
    const { stdout, stderr } = await runner.run({
      argv: ["unshare", "--mount", "sh", "-c", script, "sh", ...towerArgv("extract", "a.ext4")],
      cwd: place.path,
      variables: towerVariables(place.path),
    });
    const err = new TextDecoder().decode(stderr);
    assertEquals(new TextDecoder().decode(stdout), "1 0\n1 0\n0 1\n", err);
    assertEquals(err.match(/the disk is full/g)?.length, 2, err);
  },
});

Deno.test({
  ...named("of two that extract to one place one is refused, and what it wrote goes", noUser),
  async fn() {
    using program = await SharedProgram.make();
    using place = await home();
    const { path } = place;
    const out = program.writable("out");
    const extract = (what: string) =>
      runUnprivileged({
        argv: program.argv("extract", `${path}/a.ext4`, what, "--output", `${out}/result`),
        cwd: path,
        variables: { ...program.variables, HOME: out },
      });
    for (const what of ["/closed", "/many"]) {
      const both = await Promise.all([extract(what), extract(what)]);
      const codes = both.map(({ ending }) =>
        ending.kind === "exited" ? ending.code : ending.signal
      );
      assertEquals(codes.sort(), [0, 1], both.map(({ err }) => err).join("\n---\n"));
      const { err } = both.find(({ ending }) => ending.kind === "exited" && ending.code === 1)!;
      assertMatch(err, /result": .*(is there|exists)/);
      assertEquals(names(out), ["result"]);
      await run("rm", "-rf", `${out}/result`);
    }
  },
});
