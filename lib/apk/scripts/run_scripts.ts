import { createHash } from "node:crypto";
import { printable, TowerError } from "../../errors.ts";
import type { ContentReader } from "../../tree/entry.ts";
import type { FileTree } from "../../tree/file_tree.ts";
import type { ScriptKind, UnpackedPackage } from "../types.ts";
import { runNative, understandScript } from "./commands.ts";
import { type DeferredScript, deferToFirstBoot } from "./first_boot.ts";
import { knownScript } from "./known_scripts.ts";
import type { ScriptDecision, ScriptOutcome } from "./outcome.ts";
import { CommandFailure, ScriptWorld } from "./script_world.ts";
import { scriptOf } from "./scripts_archive.ts";
import { readScript } from "./shell_subset.ts";
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
 * post-install of each package, then the triggers. No script is executed: it is known, or made
 * of commands that have a native form, or the manifest decides.
 *
 * @param tree Holds the files of all packages already.
 * @param packages In the order of installation.
 * @throws {TowerError} `unsupported` that lists every script without a handler or decision, with
 * the lines for the manifest; `not-found` for a decision without its script.
 */
export function runScripts(
  tree: FileTree,
  packages: readonly UnpackedPackage[],
  options: RunScriptsOptions,
): ScriptOutcome[] {
  const run = new ScriptRun(tree, options);
  for (const unpacked of packages) {
    for (const script of ["pre-install", "post-install"] as const) {
      run.call(unpacked, script, [unpacked.info.version]);
    }
  }
  const directories = directoriesOf(packages);
  for (const unpacked of packages) {
    const matched = triggeredBy(unpacked.info.triggers, directories);
    run.call(unpacked, "trigger", matched);
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

  constructor(tree: FileTree, options: RunScriptsOptions) {
    this.#tree = tree;
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
    const origin = `package:${call.package.info.name}` as const;
    const world = new ScriptWorld(this.#tree, reader, epoch, origin);
    try {
      const done = interpret(call, world);
      world.close();
      this.#add(call, done.did, done.detail);
    } catch (error) {
      if (!(error instanceof CommandFailure)) throw error;
      const { package: { info: { name } }, script } = call;
      this.#undecided.push({ package: name, script, cause: error.message });
    }
  }

  #add(call: Call, did: ScriptOutcome["did"], detail: string): void {
    const sha256 = createHash("sha256").update(call.bytes).digest("hex");
    const { package: { info: { name } }, script } = call;
    this.#outcomes.push({ package: name, script, sha256, did, detail });
  }
}

/** @throws {CommandFailure} for a script that is not understood, or that fails. */
function interpret(call: Call, world: ScriptWorld): Pick<ScriptOutcome, "did" | "detail"> {
  const text = new TextDecoder().decode(call.bytes);
  const known = knownScript(call.package.info.name, call.script, text);
  if (known) return known(world, call.args);
  const script = readScript(text);
  if (!script) throw new CommandFailure("it is more than a list of simple commands");
  const native = understandScript(script);
  if ("words" in native) {
    throw new CommandFailure(`"${native.words.slice(0, 120)}" has no native form`);
  }
  const failed = runNative(native, world);
  if (failed !== undefined) throw new CommandFailure(`it would fail at "${failed.slice(0, 200)}"`);
  return { did: "native", detail: [...world.notes].join(", ") || "nothing to do" };
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
