import type { Env } from "../lib/env.ts";
import { messagesOf, TowerError } from "../lib/errors.ts";
import { hostFolder, identityPath } from "../lib/fleet/paths.ts";
import { quoteArgv } from "../lib/proc/quoting.ts";
import { exists, listDir } from "../lib/files/files.ts";
import { openToOthers } from "../lib/files/private_folder.ts";
import type { InventoryPlace } from "../lib/inventory/inventory_reader.ts";
import { missingInclude } from "../lib/inventory/user_ssh_config.ts";
import type { AddressPlan } from "../lib/address_plan/address_plan.ts";
import type { Links } from "../lib/firewall/roles.ts";
import { THIN_CLIENT } from "../lib/firewall/tower_network.ts";
import { rulesChanges, rulesFact } from "../lib/fleet/firewall.ts";
import {
  cardFindings,
  CARDS,
  type Finding,
  linksInUse,
  notThinClient,
} from "../lib/fleet/thin_client_cards.ts";
import { gather } from "../lib/session/gather.ts";
import { localSession } from "../lib/session/local_session.ts";
import { thinClientRules } from "./firewall_apply.ts";
import { type Fleet, openFleet } from "../lib/session/fleet.ts";
import { quietRoot } from "./this_machine.ts";
import { addressPlan } from "../lib/store/networks_file.ts";
import { RULES } from "../lib/tower_env/rules.ts";

/** Programs that `tower` runs, each with what it is for. */
const PROGRAMS = {
  ssh: "reach hosts",
  "ssh-keygen": "make keys",
  lsblk: "look at cards",
  blockdev: "write cards",
  ip: "look at the network",
} as const;

/** Looks at everything that can be wrong with this thin client's set-up; changes nothing. */
export async function diagnose(env: Env): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const [program, purpose] of Object.entries(PROGRAMS)) {
    if (env.runner.which(program)) continue;
    const mend =
      "Debian: openssh-client, util-linux, iproute2; Alpine: openssh-client, lsblk, blockdev";
    findings.push({ problem: `${program} is missing: it is needed to ${purpose}`, mend });
  }
  const fleet = await openFleet(env);
  return [
    ...findings,
    ...inventoryFindings(fleet),
    ...sshFindings(fleet),
    ...await networkFindings(fleet, env),
  ];
}

function inventoryFindings({ inventory, place }: Fleet): Finding[] {
  const findings = inventory.broken.map(({ name, error }) => ({
    problem: messagesOf(error).join(": "),
    mend: RULES.HOSTNAME.isGood(name)
      ? `correct the files in ${hostFolder(place, name)}, or: tower provision ${name} --force`
      : `no host can have that name: remove ${hostFolder(place, name)}`,
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
  const listed = (path: string) => unlessBroken(() => exists(path) ? listDir(path) : [], []);
  const hosts = `${folder}/hosts`;
  const secrets = listed(hosts).map((name) => `${hosts}/${name}`)
    .flatMap((path) => listed(path).map((name) => `${path}/${name}`))
    .filter((path) => !path.endsWith(".pub") && !path.endsWith("/world"));
  return [folder, ...secrets]
    .filter((path) => unlessBroken(() => exists(path) && openToOthers(path), false))
    .map((path) => ({
      problem: `other users of this machine can read ${path}`,
      mend: quoteArgv(["chmod", "go=", path]),
    }));
}

/** What is no host's folder is told as a host that is broken, and keeps nobody from the rest. */
function unlessBroken<T>(look: () => T, otherwise: T): T {
  try {
    return look();
  } catch (error) {
    if (error instanceof TowerError) return otherwise;
    throw error;
  }
}

function sshFindings({ inventory, place }: Fleet): Finding[] {
  if (inventory.hosts.length === 0) return [];
  return [missingInclude(place)].filter((finding) => finding !== undefined);
}

/** What is wrong with a machine that can reach no host, whatever they do. */
export async function thinClientFinding(
  place: InventoryPlace,
  env: Env,
): Promise<Finding | undefined> {
  const state = await cardsHere(env);
  return state && notThinClient(state, addressPlan(place));
}

/** This machine's network cards; undefined without the program that tells of them. */
async function cardsHere({ runner }: Env) {
  if (!runner.which("ip")) return undefined;
  return await gather(localSession(runner), CARDS, { name: THIN_CLIENT });
}

async function networkFindings({ place }: Fleet, env: Env): Promise<Finding[]> {
  try {
    const plan = addressPlan(place);
    const state = await cardsHere(env);
    if (state === undefined) return [];
    const missing = notThinClient(state, plan);
    // What would mend the networks of a thin client cuts off any other machine.
    if (missing) return [missing];
    const links = linksInUse(state, plan);
    return [...cardFindings(state, plan, links), ...await ruleFindings(env, plan, links)];
  } catch (error) {
    if (!(error instanceof TowerError)) throw error;
    return [{ problem: error.message, mend: error.hint ?? "correct the file" }];
  }
}

/** Whether the thin client's own rules are in force. Only root can tell: others are not asked. */
async function ruleFindings(env: Env, plan: AddressPlan, links: Links): Promise<Finding[]> {
  const asRoot = await quietRoot(env);
  if (asRoot === undefined) return [];
  const wanted = await thinClientRules(env, plan, links);
  const machine = { name: THIN_CLIENT, become: asRoot };
  const state = await gather(localSession(env.runner), rulesFact(wanted), machine);
  const changes = rulesChanges(wanted, state);
  if (changes.length === 0) return [];
  const what = new Set(changes.map((change) => inWords(change.what)));
  const options = links.online === links.offline ? " --one-cable" : "";
  return [{
    problem: `this machine's firewall is not the thin client's: ${[...what].join(", ")} differ`,
    mend: `as root: tower firewall apply${options}`,
  }];
}

/** What differs, as people call it. */
function inWords(what: string): string {
  if (what.endsWith("in force")) return "the rules in force";
  return what.startsWith("/") ? "the rules for the next start" : `the ${what}`;
}
