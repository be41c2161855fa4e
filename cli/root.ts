import { Command } from "@commander-js/extra-typings";
import type { Env } from "../lib/env.ts";
import { chosenCommands, prepareTree, runProgram } from "../lib/program/command_program.ts";
import { type Ending, newEnding } from "../lib/program/ending.ts";
import { bundleCommand } from "./commands/bundle.ts";
import { completionCommand } from "./commands/completion.ts";
import { cpCommand } from "./commands/cp.ts";
import { deprovisionCommand } from "./commands/deprovision.ts";
import { doctorCommand } from "./commands/doctor.ts";
import { firewallCommand } from "./commands/firewall.ts";
import { installCommand, upgradePackagesCommand } from "./commands/install.ts";
import { listCommand } from "./commands/list.ts";
import { manualCommand } from "./commands/manual.ts";
import { menuCommand } from "./commands/menu.ts";
import { networkCommand } from "./commands/network.ts";
import {
  apkTunnelCommand,
  cacheCommand,
  packagesCommand,
  searchCommand,
  whyCommand,
} from "./commands/packages.ts";
import { poweroffCommand, rebootCommand, synctimeCommand } from "./commands/power.ts";
import { provisionCommand } from "./commands/provision.ts";
import { setupCommand } from "./commands/setup.ts";
import { runCommand, sshCommand } from "./commands/ssh.ts";
import { statusCommand } from "./commands/status.ts";
import { uninstallCommand } from "./commands/uninstall.ts";
import { upgradeCommand } from "./commands/upgrade.ts";
import { versionCommand } from "./commands/version.ts";
import { wlanConnectCommand } from "./commands/wlan_connect.ts";
import { VERSION_TEXT } from "./version.ts";

/** By name, in the order of the help. */
const COMMANDS = {
  provision: provisionCommand,
  list: listCommand,
  status: statusCommand,
  ssh: sshCommand,
  run: runCommand,
  cp: cpCommand,
  install: installCommand,
  uninstall: uninstallCommand,
  "upgrade-packages": upgradePackagesCommand,
  packages: packagesCommand,
  search: searchCommand,
  why: whyCommand,
  "apk-tunnel": apkTunnelCommand,
  cache: cacheCommand,
  bundle: bundleCommand,
  menu: menuCommand,
  poweroff: poweroffCommand,
  reboot: rebootCommand,
  synctime: synctimeCommand,
  "wlan-connect": wlanConnectCommand,
  deprovision: deprovisionCommand,
  version: versionCommand,
  firewall: firewallCommand,
  network: networkCommand,
  setup: setupCommand,
  upgrade: upgradeCommand,
  doctor: doctorCommand,
  completion: completionCommand,
  manual: manualCommand,
};

/** The command tree of `tower`; where a command is asked for, with that one alone. */
export function commandTree(env: Env, ending: Ending = newEnding()): Command {
  const program = new Command("tower")
    .enablePositionalOptions()
    .description("Run a tower of computers from a thin client.")
    .version(VERSION_TEXT, "-V, --version", "show version, commit and target");
  for (const make of chosenCommands(COMMANDS, env.args)) {
    program.addCommand(make(env, ending) as Command);
  }
  prepareTree(program as Command, env, ending);
  return program as Command;
}

/** Runs the program under an environment; returns its exit status and never throws. */
export function run(env: Env): Promise<number> {
  return runProgram(commandTree, env);
}
