import { Command } from "@commander-js/extra-typings";
import type { Env } from "../lib/env.ts";
import { chosenCommands, prepareTree, runProgram } from "../lib/program/command_program.ts";
import type { Ending } from "../lib/program/ending.ts";
import { bootCommand } from "./commands/boot.ts";
import { buildCommand } from "./commands/build.ts";
import { cleanCommand } from "./commands/clean.ts";
import { efiCommand } from "./commands/efi.ts";
import { FILE_FOR_DEVICE_HINT } from "../lib/disk/device_hint.ts";
import { FULL_DISK_HINT, NO_WRITING_HINT } from "../lib/files/file_error.ts";
import { completionCommand } from "./commands/completion.ts";
import { diffCommand } from "./commands/diff.ts";
import { extractCommand } from "./commands/extract.ts";
import { flashCommand } from "./commands/flash.ts";
import { keysCommand } from "./commands/keys.ts";
import { lockCommand } from "./commands/lock.ts";
import { manualCommand } from "./commands/manual.ts";
import { newCommand } from "./commands/new.ts";
import { planCommand } from "./commands/plan.ts";
import { repoCommand } from "./commands/repo.ts";
import { resolveCommand } from "./commands/resolve.ts";
import { sbomCommand } from "./commands/sbom.ts";
import { showTreeCommand } from "./commands/show_tree.ts";
import { signCommand } from "./commands/sign.ts";
import { systemsCommand } from "./commands/systems.ts";
import { verifyCommand } from "./commands/verify.ts";
import { whyCommand, whyNotCommand } from "./commands/why.ts";
import { VERSION_TEXT } from "./version.ts";

/** By name, in the order of the help. */
const COMMANDS = {
  systems: systemsCommand,
  new: newCommand,
  build: buildCommand,
  lock: lockCommand,
  plan: planCommand,
  resolve: resolveCommand,
  why: whyCommand,
  "why-not": whyNotCommand,
  "show-tree": showTreeCommand,
  extract: extractCommand,
  sbom: sbomCommand,
  sign: signCommand,
  verify: verifyCommand,
  keys: keysCommand,
  efi: efiCommand,
  diff: diffCommand,
  boot: bootCommand,
  flash: flashCommand,
  repo: repoCommand,
  clean: cleanCommand,
  completion: completionCommand,
  manual: manualCommand,
};

/** The command tree of `tower-build`; where a command is asked for, with that one alone. */
export function commandTree(env: Env, ending: Ending): Command {
  const program = new Command("tower-build")
    .description("Turn a YAML manifest into bootable Alpine-based media.")
    .version(VERSION_TEXT, "-V, --version", "show version, commit and target");
  for (const make of chosenCommands(COMMANDS, env.args)) {
    program.addCommand(make(env, ending) as Command);
  }
  prepareTree(program as Command, env, ending);
  return program as Command;
}

const HINTS = {
  [FULL_DISK_HINT]: "Free some space, or choose another folder: --output for what is built, " +
    "XDG_CACHE_HOME for the cache",
  [NO_WRITING_HINT]: "Choose a folder that you may write to: --output for what is built, " +
    "XDG_CACHE_HOME for the cache, XDG_CONFIG_HOME for the key of --sign",
  [FILE_FOR_DEVICE_HINT]: "lsblk shows the devices of this machine; an image is a file already: " +
    "cp copies it, and tower-build boot IMAGE starts it",
} as const;

/** Runs the program under an environment; returns its exit status and never throws. */
export function run(env: Env): Promise<number> {
  return runProgram(commandTree, env, HINTS);
}
