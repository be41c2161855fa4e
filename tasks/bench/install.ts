import { fromFileUrl, join } from "@std/path";
import type { Env } from "../../lib/env.ts";
import { remoteCommand } from "../../lib/ssh/remote_command.ts";
import { tempDir } from "../../lib/files/files.ts";
import type { Command } from "../../lib/proc/command.ts";
import { oracleData } from "../../tests/support/apk/alpine_oracle.ts";
import { makeProgramRepository } from "../../tests/support/desktop/program_repository.ts";
import {
  PackageTower,
  packageTowerMissing,
  REPOSITORY,
} from "../../tests/support/fleet/package_tower.ts";
import { denoFolder } from "./image.ts";
import { createMeter } from "./measure.ts";
import type { Row, Sample, Section } from "./report.ts";

const MAIN = fromFileUrl(new URL("../../cli/main.ts", import.meta.url));
const TITLE = "Packages for offline hosts";
/** Bytes of the package; nothing makes them less. */
const SIZE = 64 << 20;
const LARGE = "x86_64/large-1.0-r0.apk";
const HOSTS = 20;
const PEER = "ssh router cat, ssh HOST cat: the same bytes";
const LAST_LEG = "  of it: to the host";
const FIRST = "tower install, the first host";
const SECOND = "tower install, a second host";
const ONE = "tower install of 3 small packages, one host";
const MANY = `the same, ${HOSTS} hosts at once`;
/** Bytes a second of a router's line to the Internet, in the second half: 50 Mbit/s. */
const LINE = 50e6 / 8;
const LINE_PEER = "50 Mbit/s: ssh router curl, ssh HOST cat";
const LINE_FIRST = "50 Mbit/s: tower install, the first host";
const LINE_SECOND = "50 Mbit/s: tower install, a second host";
const LINE_MANY = `50 Mbit/s: tower install, ${HOSTS} hosts at once that are the first`;

/** Installing on hosts without Internet, beside copying the same bytes the same way by ssh alone. */
export async function installSection(env: Env, runs: number): Promise<Section> {
  const missing = packageTowerMissing(env.runner);
  if (missing !== undefined) {
    return { title: TITLE, notes: [`not measured: ${missing}`], rows: [] };
  }
  const samples: Record<string, Sample[]> = {
    ...{ [PEER]: [], [LAST_LEG]: [], [FIRST]: [], [SECOND]: [], [ONE]: [], [MANY]: [] },
    ...{ [LINE_PEER]: [], [LINE_FIRST]: [], [LINE_SECOND]: [], [LINE_MANY]: [] },
  };
  using folder = tempDir();
  const meter = createMeter(env.runner, folder.path);
  for (let i = 0; i < runs; i++) {
    const run = {
      ...await runOnce(env, meter.measure),
      ...await overLine(env, meter.measure),
    };
    for (const [name, sample] of Object.entries(run)) samples[name]!.push(sample);
  }
  const peers: Record<string, string> = {
    ...{ [FIRST]: PEER, [SECOND]: FIRST, [MANY]: ONE, [LAST_LEG]: PEER },
    ...{ [LINE_FIRST]: LINE_PEER, [LINE_SECOND]: LINE_FIRST, [LINE_MANY]: LINE_FIRST },
  };
  const rows = Object.entries(samples).map(([name, samples]): Row => ({
    name,
    samples,
    ...peers[name] !== undefined && { peer: peers[name] },
  }));
  const notes = [
    `a package of ${
      SIZE >> 20
    } MiB that nothing compresses; real sshd, real apk, each host a network of its own; ${runs} runs in turn, each on new hosts`,
    "the second host's packages are in the store already",
    "at 50 Mbit/s the repository sends no faster, to all together: as a router's line to the Internet",
    "memory is that of tower, without the ssh that it starts",
    ...meter.missing,
  ];
  return { title: TITLE, notes, rows };
}

type Measure = ReturnType<typeof createMeter>["measure"];

/** A tower whose hosts have packages of sizes that are known, and what works on it. */
async function lay(env: Env, others: readonly string[], rate?: number) {
  const place = await PackageTower.create(env.runner, oracleData()!, others, rate);
  makeProgramRepository(join(place.repository, "own"), packages());
  place.knowOwn();
  const tower = (...words: string[]): Command => ({
    argv: [Deno.execPath(), "run", "-A", "--no-check", MAIN, ...words],
    variables: {
      HOME: place.tower.env.home,
      PATH: `${place.programs}:/usr/bin:/usr/sbin`,
      DENO_DIR: denoFolder(env),
    },
  });
  const ssh = (host: string, script: string) => {
    const identity = join(place.tower.folder, "hosts", host, "id_ed25519");
    const options = [
      `HostKeyAlias=${host}`,
      ...["StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "LogLevel=ERROR"],
    ].flatMap((option) => ["-o", option]);
    return remoteCommand([join(place.programs, "ssh"), ...options, "-i", identity, host, script]);
  };
  const local = join(place.programs, "copied");
  /** The same bytes by ssh alone: from the router, then to a host. */
  const copy = async (measure: Measure, read: string) => {
    const line = (words: string) => measure({ argv: ["sh", "-c", words] });
    const fetched = await line(`${ssh("router", read)} > ${local}`);
    const sent = await line(`${ssh("vault", "cat > /tmp/copied")} < ${local}`);
    return { all: fetched.sample.wall + sent.sample.wall, last: sent.sample.wall };
  };
  return { place, tower, copy };
}

async function runOnce(env: Env, measure: Measure): Promise<Record<string, Sample>> {
  const others = ["second", ...Array.from({ length: HOSTS }, (_, i) => `host${i}`)];
  const { place, tower, copy } = await lay(env, others);
  await using _place = place;
  // Compiles the program, and has the hosts' keys known.
  await measure(tower("packages", "vault"));
  const copied = await copy(measure, `cat ${join(place.repository, "own", LARGE)}`);
  const first = await measure(tower("install", "vault", "large"));
  const second = await measure(tower("install", "second", "large"));
  const one = await measure(tower("install", "vault", "small"));
  // Each of the many has its own way, as the one had; what is fetched is there for all.
  const many = await measure(tower("install", ...others.slice(1), "small"));
  return {
    [PEER]: { wall: copied.all },
    [LAST_LEG]: { wall: copied.last },
    [FIRST]: first.sample,
    [SECOND]: second.sample,
    [ONE]: one.sample,
    [MANY]: many.sample,
  };
}

/** The same with the line to the Internet that routers have. */
async function overLine(env: Env, measure: Measure): Promise<Record<string, Sample>> {
  const hosts = Array.from({ length: HOSTS }, (_, i) => `host${i}`);
  const few = await lay(env, ["second"], LINE);
  await using _few = few.place;
  await measure(few.tower("packages", "vault"));
  const copied = await few.copy(measure, `curl -sf ${REPOSITORY}/own/${LARGE}`);
  const first = await measure(few.tower("install", "vault", "large"));
  const second = await measure(few.tower("install", "second", "large"));
  const many = await lay(env, hosts, LINE);
  await using _many = many.place;
  await measure(many.tower("packages", "vault"));
  const all = await measure(many.tower("install", ...hosts, "large"));
  return {
    [LINE_PEER]: { wall: copied.all },
    [LINE_FIRST]: first.sample,
    [LINE_SECOND]: second.sample,
    [LINE_MANY]: all.sample,
  };
}

function packages(): Parameters<typeof makeProgramRepository>[1] {
  const large = new Uint8Array(SIZE);
  const piece = 1 << 16;
  for (let at = 0; at < SIZE; at += piece) {
    crypto.getRandomValues(large.subarray(at, at + piece));
  }
  const file = (name: string) => ({ [`usr/share/${name}`]: name });
  return {
    large: { files: { "usr/share/large": large } },
    small: { depends: ["small-a", "small-b"], files: file("small") },
    "small-a": { files: file("small-a") },
    "small-b": { files: file("small-b") },
  };
}
