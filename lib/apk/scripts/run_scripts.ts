import { createHash } from "node:crypto";
import { atOnce, type Steps } from "../../breathe.ts";
import { printable, TowerError } from "../../errors.ts";
import type { ContentReader } from "../../tree/entry.ts";
import type { FileTree } from "../../tree/file_tree.ts";
import type { ScriptKind, UnpackedPackage } from "../types.ts";
import { canDefer, type DeferredScript, deferToFirstBoot } from "./first_boot.ts";
import { interpret } from "./interpret.ts";
import type { ScriptDecision, ScriptOutcome } from "./outcome.ts";
import { ScriptWorld } from "./script_world.ts";
import { scriptOf } from "./scripts_archive.ts";
import { directoriesOf, triggeredBy } from "./triggers.ts";

export interface RunScriptsOptions {
  /** By package and script; one that fits no script is an error. */
  readonly decisions: readonly ScriptDecision[];
  readonly reader: ContentReader;
  /** Seconds since 1970. */
  readonly epoch: number;
}

/** A script that nobody knows how to run. */
interface Undecided {
  readonly package: string;
  readonly script: ScriptKind;
  readonly cause: string;
}

/** A script that apk would run now, with its arguments. */
interface Call {
  readonly package: UnpackedPackage;
  readonly script: ScriptKind;
  readonly bytes: Uint8Array;
  readonly args: readonly string[];
}

/**
 * Does what the scripts of freshly installed packages do, in apk's order: pre-install and
 * post-install of each package, then the triggers. No script is executed: each is followed command
 * by command on the tree, as far as every command that is reached has a native form; what is
 * reached and has none leaves the script to the manifest.
 *
 * @param tree Holds the files of all packages already; a script sees those that apk would have
 * unpacked by then.
 * @param packages In the order of installation.
 * @throws {TowerError} `unsupported` that lists every script without a handler or decision, with
 * the lines for the manifest; `not-found` for a decision without its script.
 */
export function runScripts(
  tree: FileTree,
  packages: readonly UnpackedPackage[],
  options: RunScriptsOptions,
): ScriptOutcome[] {
  return atOnce(scriptSteps(tree, packages, options));
}

/** What {@linkcode runScripts} does. */
export function* scriptSteps(
  tree: FileTree,
  packages: readonly UnpackedPackage[],
  options: RunScriptsOptions,
): Steps<ScriptOutcome[]> {
  const run = new ScriptRun(tree, options, packages.map((p) => p.info.name));
  for (const unpacked of packages) {
    run.call(unpacked, "pre-install", [unpacked.info.version]);
    run.later.delete(unpacked.info.name);
    run.call(unpacked, "post-install", [unpacked.info.version]);
    yield;
  }
  const directories = directoriesOf(packages);
  for (const unpacked of packages) {
    const matched = triggeredBy(unpacked.info.triggers, directories);
    run.call(unpacked, "trigger", matched);
    yield;
  }
  return run.end();
}

class ScriptRun {
  readonly #tree: FileTree;
  readonly #options: RunScriptsOptions;
  readonly #outcomes: ScriptOutcome[] = [];
  readonly #undecided: Undecided[] = [];
  readonly #deferred: DeferredScript[] = [];
  readonly #unused: Set<ScriptDecision>;
  readonly #written = new Set<string>();
  /** Names of the packages whose files a script does not see yet. */
  readonly later: Set<string>;

  constructor(tree: FileTree, options: RunScriptsOptions, names: readonly string[]) {
    this.#tree = tree;
    this.later = new Set(names);
    this.#options = options;
    this.#unused = new Set(options.decisions);
  }

  call(unpacked: UnpackedPackage, script: ScriptKind, args: readonly string[]): void {
    const bytes = scriptOf(unpacked, script);
    if (!bytes) return;
    const call: Call = { package: unpacked, script, bytes, args };
    const name = unpacked.info.name;
    const decision = this.#options.decisions.find((d) => d.package === name && d.script === script);
    if (decision) this.#unused.delete(decision);
    if (unpacked.info.installedSize === 0) {
      this.#add(call, "never-run", "apk does not open a package of installed size 0");
    } else if (script === "trigger" && args.length === 0) {
      this.#add(call, "not-triggered", "no directory matches");
    } else if (decision?.do === "skip") this.#add(call, "skipped", decision.reason);
    else if (decision?.do === "first-boot") {
      this.#deferred.push({ package: name, script, bytes, args });
      this.#add(call, "first-boot", decision.reason);
    } else this.#runNative(call);
  }

  end(): ScriptOutcome[] {
    if (this.#undecided.length > 0) throw undecidedError(this.#undecided);
    const [unused] = this.#unused;
    if (unused) {
      throw new TowerError(
        "not-found",
        `Cannot use the decision about the ${unused.script} script of ` +
          `"${printable(unused.package)}": no package has it, or a fresh install never runs it`,
        { hint: "Take it out of the manifest" },
      );
    }
    deferToFirstBoot(this.#tree, this.#deferred, this.#options.epoch);
    return this.#outcomes;
  }

  #runNative(call: Call): void {
    const { reader, epoch } = this.#options;
    const { package: { info: { name } }, script, bytes, args } = call;
    const around = { tree: this.#tree, reader, epoch };
    const world = new ScriptWorld(
      { ...around, later: this.later, written: this.#written },
      `package:${name}`,
    );
    const result = interpret(bytes, args, world);
    if (result.did === "undecided") {
      this.#undecided.push({ package: name, script, cause: result.cause });
    } else if (result.did !== "first-boot") {
      this.#add(call, result.did, result.detail);
    } else if (canDefer(this.#tree)) {
      this.#deferred.push({ package: name, script, bytes, args });
      this.#add(call, "first-boot", result.detail);
    } else {
      const cause = `it needs the machine (${result.detail}), and no OpenRC is there to start it`;
      this.#undecided.push({ package: name, script, cause });
    }
  }

  #add(call: Call, did: ScriptOutcome["did"], detail: string): void {
    const sha256 = createHash("sha256").update(call.bytes).digest("hex");
    const { package: { info: { name } }, script } = call;
    this.#outcomes.push({ package: name, script, sha256, did, detail });
  }
}

function undecidedError(undecided: readonly Undecided[]): TowerError {
  const list = undecided.map((u) => `\n  ${u.package} ${u.script}: ${u.cause}`).join("");
  const lines = undecided.map((u) =>
    `\n  - { package: ${u.package}, script: ${u.script}, do: skip, reason: "..." }`
  ).join("");
  const what = undecided.length === 1 ? "a package script" : `${undecided.length} package scripts`;
  return new TowerError(
    "unsupported",
    `Cannot run ${what}: there is no native handler${printable(list)}`,
    {
      hint: "Decide in the manifest's packages stage, with `skip` or `first-boot`:\n" +
        `scripts:${printable(lines)}`,
    },
  );
}
