import type { Env } from "../lib/env.ts";
import { messagesOf, TowerError } from "../lib/errors.ts";
import { configPath, hostFolder, identityPath } from "../lib/fleet/paths.ts";
import { includeConfig } from "../lib/fleet/ssh_files.ts";
import { exists, listDir, readText } from "../lib/store/files.ts";
import { openToOthers } from "../lib/store/private_folder.ts";
import { type Fleet, openFleet } from "./fleet.ts";
import { addressPlan } from "./networks.ts";

/** A thing that is wrong with the set-up, and how to mend it. */
export interface Finding {
  readonly problem: string;
  readonly mend: string;
}

/** Programs that `tower` runs, each with what it is for. */
const PROGRAMS = {
  ssh: "reach hosts",
  "ssh-keygen": "make keys",
  lsblk: "look at cards",
  blockdev: "write cards",
} as const;

/** Looks at everything that can be wrong with this thin client's set-up; changes nothing. */
export async function diagnose(env: Env): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const [program, purpose] of Object.entries(PROGRAMS)) {
    if (env.runner.which(program)) continue;
    const mend = "Debian: openssh-client, util-linux; Alpine: openssh-client, lsblk, blockdev";
    findings.push({ problem: `${program} is missing: it is needed to ${purpose}`, mend });
  }
  const fleet = await openFleet(env);
  return [
    ...findings,
    ...inventoryFindings(fleet),
    ...sshFindings(fleet),
    ...networkFindings(fleet),
  ];
}

function inventoryFindings({ inventory, place }: Fleet): Finding[] {
  const findings = inventory.broken.map(({ name, error }) => ({
    problem: messagesOf(error).join(": "),
    mend: `correct the files in ${hostFolder(place, name)}, or: tower provision ${name} --force`,
  }));
  const seen = new Map<string, string>();
  for (const { name, env, hostKeys } of inventory.hosts) {
    const other = seen.get(env.address);
    if (other) {
      const mend = `tower deprovision ${name}, then provision it again`;
      findings.push({ problem: `${other} and ${name} have the same address ${env.address}`, mend });
    }
    seen.set(env.address, name);
    const mend = `tower provision ${name} --force`;
    if (hostKeys.length === 0) {
      findings.push({ problem: `the keys of ${name} are not known`, mend });
    }
    if (!exists(identityPath(place, name))) {
      findings.push({ problem: `there is no login key for ${name}`, mend });
    }
  }
  return [...findings, ...openPaths(place.folder)];
}

/** Secrets that other users of this machine can read (facts C10). */
function openPaths(folder: string): Finding[] {
  const hosts = `${folder}/hosts`;
  const secrets = exists(hosts)
    ? listDir(hosts).flatMap((name) =>
      listDir(`${hosts}/${name}`).map((f) => `${hosts}/${name}/${f}`)
    )
      .filter((path) => !path.endsWith(".pub") && !path.endsWith("/world"))
    : [];
  return [folder, ...secrets].filter((path) => exists(path) && openToOthers(path))
    .map((path) => ({
      problem: `other users of this machine can read ${path}`,
      mend: `chmod go= ${path}`,
    }));
}

function sshFindings({ inventory, place }: Fleet): Finding[] {
  if (inventory.hosts.length === 0) return [];
  const path = `${place.sshFolder}/config`;
  const text = exists(path) ? readText(path, 1 << 20) : "";
  if (includeConfig(text, place) === text) return [];
  return [{
    problem: `${path} does not include the tower's hosts`,
    mend: `put this line first in it: Include ${configPath(place)}`,
  }];
}

function networkFindings({ place }: Fleet): Finding[] {
  try {
    addressPlan(place);
    return [];
  } catch (error) {
    if (!(error instanceof TowerError)) throw error;
    return [{ problem: error.message, mend: error.hint ?? "correct the file" }];
  }
}
