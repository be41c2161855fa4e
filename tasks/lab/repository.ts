import { join } from "@std/path";
import { packIndexArchive } from "../../lib/apk/index_archive.ts";
import { formatIndex } from "../../lib/apk/index_text.ts";
import { packingSteps } from "../../lib/apk/package_writer.ts";
import type { PrivateKey } from "../../lib/apk/signature.ts";
import type { IndexedPackage, ScriptKind } from "../../lib/apk/types.ts";
import { type Breathe, inBreaths } from "../../lib/breathe.ts";
import type { Runner } from "../../lib/proc/command.ts";
import type { Reporter } from "../../lib/report/event.ts";
import { openStore } from "../../lib/store/content_store.ts";
import { makeFolders } from "../../lib/files/folders.ts";
import { createBeside, publish, writeAll } from "../../lib/files/whole_file.ts";
import { type Apt, aptSource, debFileName, downloadDebs, openApt, removeOldDebs } from "./apt.ts";
import { type Closure, closureOf } from "./closure.ts";
import { cachedClosure } from "./closure_cache.ts";
import { type DebEntry, readDeb } from "./deb_archive.ts";
import { derive } from "./derive.ts";
import { inputDigest, type Ledger, readLedger, writeLedger } from "./ledger.ts";
import { type OwnFiles, readOwnFiles } from "./own_files.ts";
import { type PackagePlan, planPackage } from "./package_plan.ts";
import { buildTimeOf, packageTree } from "./package_tree.ts";
import { type PackageSet, type PlacedRecipe, recipesFor } from "./recipe.ts";
import { signingKey } from "./signing_key.ts";

/** A compromise: level 9 takes three times as long for 2 % less. */
const LEVEL = 6;
/** How folders for unfinished packages begin. */
const SPOOL = ".spool-";

export interface MakeOptions {
  readonly set: PackageSet;
  /** Folder of the repository: ARCH/, keys/, keys-public/ and state/ go below it. */
  readonly folder: string;
  /** Folder with a folder of our own files for each package that has some. */
  readonly ownFiles: string;
  readonly runner: Runner;
  readonly reporter: Reporter;
  /** A kernel's package takes long: meanwhile the clock ticks and a signal is heard. */
  readonly breathe: Breathe;
}

export interface MadeRepository {
  /** For `--repository`. */
  readonly folder: string;
  /** For `--keys`. */
  readonly keys: string;
  readonly packages: number;
  /** How many of them were made now. */
  readonly made: number;
}

interface Job {
  readonly recipe: PlacedRecipe;
  readonly plan: PackagePlan;
  readonly own: OwnFiles;
  readonly input: string;
}

/**
 * Makes a signed repository in Alpine's format out of Debian's packages, or brings one up to
 * date: packages whose inputs did not change stay as they are. The index comes last, so that what
 * it lists is always there.
 *
 * @throws {TowerError} `tool` without apt, `unsolvable` for a gap in the set.
 */
export async function makeRepository(options: MakeOptions): Promise<MadeRepository> {
  const { set, folder, runner, reporter } = options;
  const target = join(folder, set.arch);
  const state = join(folder, "state", set.arch);
  makeFolders(target);
  makeFolders(state);
  removeSpools(folder);
  const key = signingKey(folder);
  let opened: Promise<Apt> | undefined;
  // Opening asks the network where the architecture is not the machine's.
  const warn = (message: string) => reporter.report({ type: "warning", message });
  const apt = () => opened ??= openApt(runner, set.arch, join(state, "apt"), warn);
  const closure = await cachedClosure(state, set, async () => {
    reporter.report({ type: "step", id: "closure", title: "Look up Debian's packages" });
    const found = await findClosure(set, await apt(), reporter);
    reporter.report({ type: "done", id: "closure", note: `${found.size} packages` });
    return found;
  });
  const jobs = planJobs(options, closure, key);
  const ledger = readLedger(state);
  const fresh = jobs.filter((job) => !isMade(job, ledger, target));
  if (fresh.length > 0) await makeAll(fresh, { ...options, apt, state }, closure, key, ledger);
  const wanted = new Map(jobs.map((job) => [job.recipe.name, job]));
  const listed = [...wanted.keys()].map((name) => ledger.get(name)!.package);
  if (fresh.length > 0 || ledger.size > wanted.size) publishIndex(target, listed, key, set.folder);
  for (const name of ledger.keys()) if (!wanted.has(name)) ledger.delete(name);
  writeLedger(state, ledger);
  removeUnlisted(target, listed);
  return { folder, keys: join(folder, "keys-public"), packages: jobs.length, made: fresh.length };
}

/** The set's packages, and those of its wishes that apt knows. */
async function findClosure(set: PackageSet, apt: Apt, reporter: Reporter): Promise<Closure> {
  const source = aptSource(apt);
  const { wished = [], roots, omitted } = set;
  const known = wished.length === 0 ? [] : (await source(wished)).map((p) => p.name);
  for (const name of wished.filter((n) => !known.includes(n))) {
    const message = `Debian's repositories here do not have ${name}: nothing is made of it`;
    reporter.report({ type: "warning", message });
  }
  return closureOf([...roots, ...known], omitted, source);
}

function planJobs(options: MakeOptions, closure: Closure, key: PrivateKey): Job[] {
  const recipes = recipesFor(options.set, closure);
  const context = { arch: options.set.arch, closure, omitted: options.set.omitted, recipes };
  return recipes.map((recipe) => {
    const plan = planPackage(recipe, context);
    const own = readOwnFiles(join(options.ownFiles, recipe.name));
    const debian = recipe.source === undefined ? undefined : closure.get(recipe.source);
    const drop = options.set.drop;
    const input = inputDigest({ recipe, plan, own, drop, deb: debian?.sha256, key: key.name });
    return { recipe, plan, own, input };
  });
}

function isMade(job: Job, ledger: Ledger, target: string): boolean {
  const made = ledger.get(job.recipe.name);
  if (made?.input !== job.input) return false;
  try {
    return Deno.statSync(join(target, apkFileName(made.package))).size === made.package.size;
  } catch {
    return false;
  }
}

async function makeAll(
  jobs: readonly Job[],
  options: MakeOptions & { readonly apt: () => Promise<Apt>; readonly state: string },
  closure: Closure,
  key: PrivateKey,
  ledger: Ledger,
): Promise<void> {
  const { state, runner, reporter } = options;
  const debs = join(state, "debs");
  makeFolders(debs);
  const sources = new Set(jobs.map((job) => job.recipe.source).filter((s) => s !== undefined));
  reporter.report({ type: "step", id: "download", title: "Download Debian's packages" });
  await downloadDebs(await options.apt(), [...sources].map((name) => closure.get(name)!), debs);
  removeOldDebs(closure.values(), debs);
  reporter.report({ type: "done", id: "download" });
  const total = jobs.length;
  reporter.report({ type: "step", id: "pack", title: "Pack", total, unit: "items" });
  for (const [done, job] of jobs.entries()) {
    const debian = job.recipe.source === undefined ? undefined : closure.get(job.recipe.source);
    const deb = debian ? await readDeb(runner, join(debs, debFileName(debian))) : [];
    const made = await pack(job, deb, options, key);
    ledger.set(job.recipe.name, { input: job.input, package: made });
    reporter.report({ type: "progress", id: "pack", done: done + 1, total });
  }
  reporter.report({ type: "done", id: "pack", note: `${total} packages` });
}

async function pack(
  job: Job,
  deb: readonly DebEntry[],
  options: MakeOptions,
  key: PrivateKey,
): Promise<IndexedPackage> {
  const derived = derive(job.recipe, deb);
  const recipe = { ...job.recipe, move: [...job.recipe.move ?? [], ...derived.move] };
  const { own } = job;
  const drop = [...options.set.drop, ...derived.drop];
  const tree = packageTree({ recipe, deb, own, drop, derived: derived.files });
  const spoolFolder = Deno.makeTempDirSync({ dir: options.folder, prefix: SPOOL });
  try {
    using store = openStore(spoolFolder);
    const packing = packingSteps({
      tree,
      reader: store,
      info: { ...job.plan, buildTime: buildTimeOf(deb) },
      scripts: Object.fromEntries(own.scripts) as Partial<Record<ScriptKind, Uint8Array>>,
      key,
      level: LEVEL,
      spool: store.writer(),
    });
    const packed = await inBreaths(packing, options.breathe);
    writeFile(join(options.folder, options.set.arch, apkFileName(packed.package)), packed.chunks());
    return packed.package;
  } finally {
    Deno.removeSync(spoolFolder, { recursive: true });
  }
}

function publishIndex(
  target: string,
  packages: readonly IndexedPackage[],
  key: PrivateKey,
  description: string,
): void {
  const archive = packIndexArchive(formatIndex(packages), description, key);
  writeFile(join(target, "APKINDEX.tar.gz"), [archive]);
}

function writeFile(path: string, chunks: Iterable<Uint8Array>): void {
  using whole = createBeside(path);
  for (const chunk of chunks) writeAll(whole.file, chunk);
  publish(whole.path, path, 0o644);
}

/** Removes what a killed run left. */
function removeSpools(folder: string): void {
  for (const { name } of Deno.readDirSync(folder)) {
    if (name.startsWith(SPOOL)) Deno.removeSync(join(folder, name), { recursive: true });
  }
}

function removeUnlisted(target: string, listed: readonly IndexedPackage[]): void {
  const wanted = new Set(listed.map(apkFileName));
  for (const { name } of Deno.readDirSync(target)) {
    if (name.endsWith(".apk") && !wanted.has(name)) Deno.removeSync(join(target, name));
  }
}

function apkFileName({ name, version }: { name: string; version: string }): string {
  return `${name}-${version}.apk`;
}
