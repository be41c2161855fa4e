import { fromFileUrl, join } from "@std/path";
import { readIndexArchive } from "../../lib/apk/index_archive.ts";
import { parseIndex } from "../../lib/apk/index_text.ts";
import { parseDependency } from "../../lib/apk/dependency.ts";
import { loadTrustedKey } from "../../lib/apk/signature.ts";
import { solveIn, universeOf } from "../../lib/apk/solver.ts";
import type { Env } from "../../lib/env.ts";
import { listDir, readBytes, readText, tempDir } from "../../lib/files/files.ts";
import { alpineOracle, type Oracle } from "../../tests/support/apk/alpine_oracle.ts";
import { denoFolder } from "./image.ts";
import { createMeter } from "./measure.ts";
import type { Row, Sample, Section } from "./report.ts";

const MAIN = fromFileUrl(new URL("../../build/main.ts", import.meta.url));
const TITLE = "Choosing packages from a real index";
const ARCH = "x86_64";
const SMALL = ["musl"];
const LARGE = [
  ...["alpine-base", "build-base", "git", "linux-lts", "mariadb", "nginx", "nodejs", "openssh"],
  ...["perl", "postgresql14", "python3", "rsync", "samba", "vim"],
];

/** Our solver beside that of real apk, over a repository of Alpine's. */
export async function solverSection(env: Env, runs: number): Promise<Section> {
  const found = await alpineOracle();
  if ("skip" in found) {
    return { title: TITLE, notes: [`not measured: real apk: ${found.skip}`], rows: [] };
  }
  await using oracle = found;
  using folder = tempDir();
  const meter = createMeter(env.runner, folder.path);
  const repository = await oracle.realRepository();
  const list = join(folder.path, "repositories");
  Deno.writeTextFileSync(list, `${repository}\n`);
  const root = await oracle.emptyRoot();
  const rows: Row[] = [];
  const notes = [`${runs} runs in turn, their medians`, ...meter.missing];
  for (const world of [SMALL, LARGE]) {
    const theirs: Sample[] = [], ours: Sample[] = [];
    let chosen: string[] = [];
    for (let i = 0; i <= runs; i++) {
      const apk = await meter.measure({
        argv: oracle.argv("sbin/apk", [
          ...["--root", root, "--arch", ARCH, "--keys-dir", oracle.keys, "--no-network"],
          ...["--repositories-file", list, "add", "--simulate", ...world],
        ]),
      });
      const tower = await meter.measure({
        argv: [
          Deno.execPath(),
          ...["run", "--allow-all", MAIN, "resolve", ...world],
          ...["--arch", ARCH, "--keys", oracle.keys, "--repository", repository],
        ],
        variables: { XDG_CACHE_HOME: folder.path, DENO_DIR: denoFolder(env) },
      });
      chosen = text(tower.result.stdout).trim().split("\n");
      assertSame(installedBy(text(apk.result.stdout)), chosen);
      if (i === 0) continue; // compiles the program, fills the page cache
      theirs.push(apk.sample);
      ours.push(tower.sample);
    }
    const name = (program: string) => `${program}: ${world.length} wanted, ${chosen.length} chosen`;
    const peer = name("apk add --simulate");
    rows.push({ name: peer, samples: theirs }, {
      name: name("tower-build resolve"),
      samples: ours,
      peer,
    });
  }
  const { rows: parts, packages } = solverParts(oracle, runs);
  notes.push(
    `an index of ${packages} packages; both programs choose the same, in the same order`,
    "programs as a whole: start, signature, reading the index, choosing; below that, our parts alone",
  );
  return { title: TITLE, notes, rows: [...rows, ...parts] };
}

/** What our program spends its time with, in this process, warmed up. */
function solverParts(
  oracle: Oracle,
  runs: number,
): { rows: Row[]; packages: number } {
  const archive = readBytes(oracle.indexArchive, 64 << 20);
  const keys = listDir(oracle.keys).map((name) =>
    loadTrustedKey(name, readText(join(oracle.keys, name), 64 << 10))
  );
  const read: Sample[] = [], link: Sample[] = [], solve: Sample[] = [];
  let count = 0;
  for (let i = 0; i < runs; i++) {
    const packages = timed(read, () => parseIndex(readIndexArchive(archive, keys).indexText));
    const universe = timed(link, () => universeOf([{ url: "bench", packages }], ARCH));
    const solution = timed(solve, () => solveIn(universe, LARGE.map(parseDependency)));
    if (!solution.ok) throw new Error("the world has no solution");
    count = packages.length;
  }
  const rows = [
    { name: "  verify and read the index", samples: read },
    { name: "  link its packages", samples: link },
    { name: "  choose, the large world", samples: solve },
  ];
  return { rows, packages: count };
}

function timed<T>(samples: Sample[], work: () => T): T {
  const start = performance.now();
  const result = work();
  samples.push({ wall: (performance.now() - start) / 1000 });
  return result;
}

function installedBy(simulated: string): string[] {
  const lines = simulated.matchAll(/^\(\d+\/\d+\) Installing ([^\s@]+)\S* \((\S+)\)$/gm);
  return [...lines].map(([, name, version]) => `${name}-${version}`);
}

function assertSame(theirs: readonly string[], ours: readonly string[]): void {
  if (theirs.join() === ours.join()) return;
  throw new Error(`apk chose ${theirs.join(" ")}\ntower-build chose ${ours.join(" ")}`);
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
