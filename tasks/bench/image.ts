import { fromFileUrl, join } from "@std/path";
import type { BuildRecord } from "../../lib/release/record.ts";
import type { Env } from "../../lib/env.ts";
import { removeTree, tempDir } from "../../lib/files/files.ts";
import type { Oracle } from "../../tests/support/apk/alpine_oracle.ts";
import { createMeter, type Meter } from "./measure.ts";
import { findApk, installByApk } from "./apk.ts";
import { inSequence, type Row, type Sample, type Section } from "./report.ts";
import { findSubject, type Subject } from "./subject.ts";
import { V8_FLAGS } from "../compile/start.ts";

const MAIN = fromFileUrl(new URL("../../build/main.ts", import.meta.url));
const TITLE = "Packages to an ext4 disk image";
const PEER = "real apk 2.14.4 + mke2fs -d";
const COLD = "tower-build, empty store";
const CHANGED = "tower-build, warm store, manifest changed";
const SAME = "tower-build, nothing changed";

/** Our way from packages to a disk image beside that of apk-tools and e2fsprogs. */
export async function imageSection(env: Env, runs: number): Promise<Section> {
  const subject = findSubject(env);
  if (subject === undefined) {
    const reason = "not measured: no repository is here (deno task lab --set bench)";
    return { title: TITLE, notes: [reason], rows: [] };
  }
  using folder = tempDir();
  const meter = createMeter(env.runner, folder.path);
  const ours = new OurBuild(subject, meter, folder.path, env);
  await ours.build("0"); // compiles the program once, as any use of it before would have
  const oracle = await findApk(env);
  await using peer = "skip" in oracle ? undefined : new PeerBuild(oracle, subject, meter, folder);
  const samples: Record<string, Sample[]> = { [PEER]: [], [COLD]: [], [CHANGED]: [], [SAME]: [] };
  for (let i = 1; i <= runs; i++) {
    ours.forget();
    await meter.settle();
    const { sample, record } = await ours.build("0");
    samples[COLD]!.push(sample);
    await meter.settle();
    samples[CHANGED]!.push((await ours.build(`${i}`)).sample);
    await meter.settle();
    samples[SAME]!.push((await ours.build(`${i}`)).sample);
    if (peer) samples[PEER]!.push(await peer.build(record));
  }
  const rows = Object.entries(samples).filter(([, list]) => list.length > 0)
    .map(([name, list]): Row => ({ name, samples: list, ...name === PEER ? {} : { peer: PEER } }));
  const notes = [
    ...subject.notes,
    `${describe(subject)}; ${runs} runs in turn, their medians; sources in the page cache`,
    ...meter.missing,
    ...("skip" in oracle ? [`not measured: ${PEER}: ${oracle.skip}`] : [
      `${PEER}: two programs one after the other, no scripts, no partition table, nothing flushed`,
      "tower-build: the whole disk, its SHA-256 and record; flushed to the disk before it is named",
    ]),
  ];
  return { title: TITLE, notes, rows };
}

function describe({ packages, repository }: Subject): string {
  const megabytes = (key: "size" | "installedSize") =>
    (packages.reduce((sum, p) => sum + p[key], 0) / 1e6).toFixed(0);
  const name = repository.slice(repository.lastIndexOf("/") + 1);
  return `repository ${name}: ${packages.length} packages, ` +
    `${megabytes("size")} MB, unpacked ${megabytes("installedSize")} MB`;
}

/** tower-build as a user starts it, with a store of its own. */
class OurBuild {
  readonly #cache: string;
  readonly #output: string;

  constructor(
    readonly subject: Subject,
    readonly meter: Meter,
    readonly folder: string,
    readonly env: Env,
  ) {
    this.#cache = join(folder, "cache");
    this.#output = join(folder, "output");
  }

  /** Empties the store and the folder of the artifacts. */
  forget(): void {
    removeTree(this.#cache);
    removeTree(this.#output);
  }

  async build(text: string): Promise<{ sample: Sample; record: BuildRecord }> {
    const { repository, keys, manifest } = this.subject;
    const file = join(this.folder, "bench.yaml");
    Deno.writeTextFileSync(file, JSON.stringify(manifest(text))); // JSON is YAML
    const { sample, result } = await this.meter.measure({
      argv: [
        Deno.execPath(),
        ...["run", V8_FLAGS, "--allow-all", MAIN, "build", file, "--json"],
        ...["--repository", repository, "--keys", keys, "--output", this.#output],
      ],
      variables: { XDG_CACHE_HOME: this.#cache, DENO_DIR: denoFolder(this.env) },
    });
    return { sample, record: JSON.parse(new TextDecoder().decode(result.stdout)) };
  }
}

/** Where Deno keeps compiled programs: beside our own cache, unless it was told. */
export function denoFolder(env: Env): string {
  return env.variable("DENO_DIR") ?? join(env.cacheDir, "../deno");
}

/** Real apk installs into a folder, of which mke2fs makes a file system. */
class PeerBuild implements AsyncDisposable {
  constructor(
    readonly oracle: Oracle,
    readonly subject: Subject,
    readonly meter: Meter,
    readonly folder: { readonly path: string },
  ) {}

  /** The same packages as a build of ours, on a disk of the same size. */
  async build({ packages, artifacts }: BuildRecord): Promise<Sample> {
    const at = (name: string) => join(this.folder.path, name);
    const [root, image] = [at("root"), at("root.img")];
    removeTree(image);
    await this.meter.settle();
    const names = packages.map((p) => p.name);
    const install = await installByApk(this.oracle, this.meter, { ...this.subject, root, names });
    Deno.writeFileSync(image, new Uint8Array());
    Deno.truncateSync(image, artifacts[0]!.size);
    const format = await this.meter.measure({
      argv: ["mke2fs", "-q", "-t", "ext4", "-b", "4096", "-d", root, image],
    });
    return inSequence([install, format.sample]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.oracle[Symbol.asyncDispose]();
  }
}
