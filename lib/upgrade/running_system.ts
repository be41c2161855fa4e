import { z } from "zod";
import { rootHashNamed } from "../boot/named_root.ts";
import { parseSlotSystem, SLOT_SYSTEM } from "../boot/slot_system.ts";
import { TowerError } from "../errors.ts";
import { readText } from "../files/files.ts";
import type { Runner } from "../proc/command.ts";
import type { RootedSystem } from "./judge.ts";

const LIMIT = 1 << 16;
/** Writes and tells slots, and is the only one who knows how. */
export const TOWER_SLOT = "tower-slot";

/** Where a machine says what it runs. */
export interface MachinePlaces {
  /** Of the running system's tree, without a slash behind it; "" is the machine's. */
  readonly root: string;
  readonly commandLine: string;
}

export const THIS_MACHINE: MachinePlaces = { root: "", commandLine: "/proc/cmdline" };

const slot = z.enum(["a", "b"]);
const state = z.object({ state: z.enum(["good", "trying", "bad", "empty"]) });
const status = z.object({ running: slot, slots: z.object({ a: state, b: state }) });

/** A system that runs from one of two slots. */
export interface RunningSystem extends RootedSystem {
  readonly slot: "a" | "b";
  /** The slot that an upgrade is written into. */
  readonly other: "a" | "b";
  /** Bytes that it has for each part but the program. */
  readonly room: ReadonlyMap<string, number>;
}

/** @throws {TowerError} `unsupported` for a machine that can never be upgraded so */
export function requireSlots({ which }: Pick<Runner, "which">): void {
  if (which(TOWER_SLOT) !== undefined) return;
  throw notInstalled("it is no thin client that was set up on a disk");
}

/**
 * What runs here, as tower-slot tells.
 * @throws {TowerError} `unsupported` where nothing does, `conflict` while it is itself being tried
 */
export async function runningSystem(
  runner: Runner,
  { root, commandLine }: MachinePlaces = THIS_MACHINE,
): Promise<RunningSystem> {
  const { running, slots } = parseStatus(await told(runner, "status", "--json"));
  if (slots[running].state !== "good") {
    throw new TowerError(
      "conflict",
      `Cannot upgrade this machine: slot ${running}, which runs, is ${slots[running].state} itself`,
      { hint: "it is kept some time after somebody has logged in: tower-slot status tells" },
    );
  }
  const file = `${root}/${SLOT_SYSTEM}`;
  const rootHash = rootHashNamed(readText(commandLine, LIMIT));
  if (rootHash === undefined) throw notInstalled("its root is not verified");
  return {
    slot: running,
    other: running === "a" ? "b" : "a",
    id: parseSlotSystem(readText(file, LIMIT), file),
    rootHash,
    room: parseRoom(await told(runner, "room")),
  };
}

async function told(runner: Runner, ...args: readonly string[]): Promise<string> {
  const { ending, stdout, stderr } = await runner.run({
    argv: [TOWER_SLOT, ...args],
    okCodes: [0, 1],
  });
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  if (ending.kind === "exited" && ending.code === 0) return text(stdout);
  throw notInstalled(text(stderr).trim().split("\n").at(-1) ?? "");
}

function parseStatus(text: string): z.infer<typeof status> {
  try {
    return status.parse(JSON.parse(text));
  } catch (cause) {
    throw new TowerError("malformed", "Cannot read what tower-slot says of the slots", { cause });
  }
}

function parseRoom(text: string): Map<string, number> {
  const lines = [...text.matchAll(/^([a-z][a-z0-9]{0,15}) ([0-9]{1,15})$/gm)];
  return new Map(lines.map(([, part = "", bytes]) => [part, Number(bytes)]));
}

function notInstalled(why: string): TowerError {
  return new TowerError("unsupported", `Cannot upgrade this machine: ${why}`, {
    hint: "what tower setup has put on a disk can be; a live medium is written anew instead",
  });
}
