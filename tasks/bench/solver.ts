import { fromFileUrl, join } from "@std/path";
import { readIndexArchive } from "../../lib/apk/index_archive.ts";
import { parseIndex } from "../../lib/apk/index_text.ts";
import { parseDependency } from "../../lib/apk/dependency.ts";
import { loadTrustedKey } from "../../lib/apk/signature.ts";
import { solveIn, universeOf } from "../../lib/apk/solver.ts";
import type { Env } from "../../lib/env.ts";
import { exists, listDir, makeDir, readBytes, readText, tempDir } from "../../lib/files/files.ts";
import { VERSION } from "../../build/version.ts";
import { alpineOracle, type Oracle } from "../../tests/support/apk/alpine_oracle.ts";
import { denoFolder } from "./image.ts";
import { createMeter, type Meter } from "./measure.ts";
import type { Row, Sample, Section } from "./report.ts";
import { V8_FLAGS } from "../compile/start.ts";

const PROJECT = fromFileUrl(new URL("../..", import.meta.url));
const TITLE = "Choosing packages from a real index";
const ARCH = "x86_64";
const SMALL = ["musl"];
const LARGE = [
  ...["alpine-base", "build-base", "git", "linux-lts", "mariadb", "nginx", "nodejs", "openssh"],
  ...["perl", "postgresql14", "python3", "rsync", "samba", "vim"],
];

/** Our solver beside that of real apk, over repositories of Alpine's. */
export async function solverSection(env: Env, runs: number): Promise<Section> {
  const found = await alpineOracle();
  if ("skip" in found) {
    return { title: TITLE, notes: [`not measured: real apk: ${found.skip}`], rows: [] };
  }
  await using oracle = found;
  using folder = tempDir();
  const meter = createMeter(env.runner, folder.path);
  const main = [await oracle.realRepository()];
  const release = releaseOf(oracle, folder.path);
  const programs = programsOf();
  const notes = [`${runs} runs in turn, their medians`, ...meter.missing, ...programs.missing];
  if (release === undefined) {
    notes.push("not measured: a whole release, as its indexes are not here");
  }
  const cases = [
    { repositories: main, world: SMALL },
    { repositories: main, world: LARGE },
    ...release === undefined ? [] : [{ repositories: release, world: LARGE }],
  ];
  const rows: Row[] = [];
  for (const each of cases) {
    rows.push(
      ...await wholePrograms(each, { oracle, meter, env, folder: folder.path, runs, programs }),
    );
  }
  const { rows: parts, packages } = solverParts(oracle, runs);
  notes.push(
    `an index of ${packages} packages, and those of a release; all choose the same, in the same order`,
    "programs as a whole: start, reading the index, choosing; below that, our parts alone",
    "of ours the first run, which verifies and links the index, is not counted",
  );
  return { title: TITLE, notes, rows: [...rows, ...parts] };
}

/** The repositories of a release with more than 20,000 packages, where its indexes are here. */
function releaseOf(oracle: Oracle, folder: string): string[] | undefined {
  const names = ["main", "community"];
  const indexOf = (name: string) => join(oracle.data, `alpine-3.19/${name}.APKINDEX.tar.gz`);
  if (!names.every((name) => exists(indexOf(name)))) return undefined;
  return names.map((name) => {
    makeDir(join(folder, name, ARCH));
    Deno.copyFileSync(indexOf(name), join(folder, name, ARCH, "APKINDEX.tar.gz"));
    return join(folder, name);
  });
}

interface Programs {
  /** Command lines by name. */
  readonly argvs: Readonly<Record<string, readonly [string, ...string[]]>>;
  readonly missing: readonly string[];
}

/** tower-build from its sources, and as one file where it was made. */
function programsOf(): Programs {
  const sources = [
    Deno.execPath(),
    "run",
    V8_FLAGS,
    "--allow-all",
    join(PROJECT, "build/main.ts"),
  ] as const;
  const folder = join(PROJECT, "programs"), name = `tower-build-${VERSION}-linux-${ARCH}`;
  const file = join(folder, name);
  const isThere = exists(file);
  return {
    argvs: { "tower-build": sources, ...isThere ? { "tower-build, one file": [file] } : {} },
    missing: isThere ? [] : ["not measured: the one-file program, which deno task compile makes"],
  };
}

/** Programs from their start to their end, apk first. */
async function wholePrograms(
  { repositories, world }: { repositories: readonly string[]; world: readonly string[] },
  { oracle, meter, env, folder, runs, programs }: {
    readonly oracle: Oracle;
    readonly meter: Meter;
    readonly env: Env;
    readonly folder: string;
    readonly runs: number;
    readonly programs: Programs;
  },
): Promise<Row[]> {
  const list = join(folder, "repositories");
  Deno.writeTextFileSync(list, repositories.map((path) => `${path}\n`).join(""));
  const root = await oracle.emptyRoot();
  const theirs: Sample[] = [];
  const ours = Object.entries(programs.argvs).map(([name, argv]) => ({
    name,
    samples: [] as Sample[],
    command: {
      argv: [
        ...argv,
        ...["resolve", ...world, "--arch", ARCH, "--keys", oracle.keys],
        ...repositories.flatMap((path) => ["--repository", path]),
      ] as [string, ...string[]],
      variables: { XDG_CACHE_HOME: join(folder, name), DENO_DIR: denoFolder(env) },
    },
  }));
  let chosen: string[] = [];
  for (let i = 0; i <= runs; i++) {
    const apk = await meter.measure({
      argv: oracle.argv("sbin/apk", [
        ...["--root", root, "--arch", ARCH, "--keys-dir", oracle.keys, "--no-network"],
        ...["--repositories-file", list, "add", "--simulate", ...world],
      ]),
    });
    chosen = installedBy(text(apk.result.stdout));
    // The first run compiles the program, links the index and fills the page cache.
    if (i > 0) theirs.push(apk.sample);
    for (const { command, samples } of ours) {
      const { result, sample } = await meter.measure(command);
      assertSame(chosen, text(result.stdout).trim().split("\n"));
      if (i > 0) samples.push(sample);
    }
  }
  const what = `${world.length} wanted, ${chosen.length} chosen` +
    (repositories.length > 1 ? ", a release" : "");
  const peer = `apk add --simulate: ${what}`;
  return [
    { name: peer, samples: theirs },
    ...ours.map(({ name, samples }) => ({ name: `${name} resolve: ${what}`, samples, peer })),
  ];
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
