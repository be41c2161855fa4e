import { TowerError } from "../../errors.ts";
import { NotUnderstood } from "../../shell/host.ts";
import { runShell } from "../../shell/run_shell.ts";
import { parseShell, SyntaxFault } from "../../shell/parser.ts";
import { NeedsMachine, Superseded } from "./external_programs.ts";
import type { ScriptOutcome } from "./outcome.ts";
import type { ScriptWorld } from "./script_world.ts";
import { PATH, TreeHost } from "./tree_host.ts";

/** Longest script that is looked at. */
const MAX_SCRIPT = 64 << 10;
const SHEBANG = /^#! ?(?:\/bin\/(?:sh|ash|busybox sh)|\/usr\/bin\/busybox sh)( -e)?[ \t]*(?:\n|$)/;

/** What became of a script that was followed, or why it was not. */
export type Interpretation =
  | Pick<ScriptOutcome, "detail"> & {
    readonly did: "native" | "depmod" | "replaced" | "first-boot";
  }
  | { readonly did: "undecided"; readonly cause: string };

/**
 * Follows a script on a world. What it did stays only where all of it is done or replaced.
 *
 * @param args What apk gives the script.
 */
export function interpret(
  bytes: Uint8Array,
  args: readonly string[],
  world: ScriptWorld,
): Interpretation {
  const undecided = (cause: string): Interpretation => {
    world.undo();
    return { did: "undecided", cause };
  };
  try {
    const script = readScript(bytes);
    if (typeof script === "string") return undecided(script);
    const end = runShell(script.list, new TreeHost(world), {
      positional: args,
      variables: { PATH },
      errexit: script.errexit,
    });
    if (end.status !== 0) {
      return undecided(`it would fail at "${(end.failed ?? "exit").slice(0, 200)}"`);
    }
    return done(world);
  } catch (error) {
    if (error instanceof NotUnderstood) {
      return undecided(`"${error.message.slice(0, 120)}" has no native form`);
    }
    // Accounts that nobody can read, or what a tree cannot hold.
    if (error instanceof TowerError) return undecided(error.message);
    if (error instanceof Superseded) {
      world.undo();
      return { did: "replaced", detail: error.message };
    }
    if (!(error instanceof NeedsMachine)) throw error;
    if (world.changedAccounts) {
      return undecided("it makes users or groups, and then needs the machine");
    }
    world.undo();
    return { did: "first-boot", detail: error.message };
  }
}

/** The parsed script, or why it is none that can be followed. */
function readScript(bytes: Uint8Array) {
  if (bytes.length > MAX_SCRIPT) return "it is too long";
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return "it is no text";
  }
  const shebang = SHEBANG.exec(text);
  if (!shebang) return "it is no script of /bin/sh";
  try {
    // The first line stays, as a comment: lines keep their numbers.
    return { list: parseShell(text), errexit: shebang[1] !== undefined };
  } catch (error) {
    if (error instanceof SyntaxFault) {
      return `it is more shell than is known here (${error.message})`;
    }
    throw error;
  }
}

function done(world: ScriptWorld): Interpretation {
  const notes = [...world.notes].join(", ");
  if (world.modules.size === 0) return { did: "native", detail: notes || "nothing to do" };
  const left = `module indexes of ${[...world.modules].join(", ")} are left to the kernel stage`;
  return { did: "depmod", detail: notes === "" ? left : `${notes}; ${left}` };
}
