import { basename } from "@std/path";
import type { AddressPlan } from "../address_plan/address_plan.ts";
import type { Env } from "../env.ts";
import type { HostName, Inventory } from "../fleet/host.ts";
import { hostFolder, imageSignersPath } from "../fleet/paths.ts";
import type { Outcome } from "../fleet/operations/step.ts";
import { type CheckedImage, checkImageTold } from "../disk/checked_image.ts";
import { eachCard } from "../disk/flash.ts";
import type { Medium } from "../disk/medium.ts";
import { type CheckedTarget, checkTarget } from "../disk/target.ts";
import { spoiled } from "../disk/write_image.ts";
import type { IpAddress } from "../ip/address.ts";
import { imageVersion } from "../release/image_name.ts";
import type { Reporter } from "../report/event.ts";
import { exists, realPath, writeFileAtomic } from "../files/files.ts";
import { commitHost, type InventoryPlace, locked } from "../inventory/inventory_files.ts";
import { untouchableConfig } from "../inventory/user_ssh_config.ts";
import { openStaging, type Staging } from "../inventory/staging.ts";
import { COLORS } from "../tower_env/rules.ts";
import { writeTowerEnv } from "../tower_env/tower_env.ts";
import { bootFiles, diskKeyIn, makeKeys, publicKeyIn, towerEnvOf } from "./identity.ts";
import { findImage } from "./find_image.ts";
import { type KeyPair, readKeyPair } from "./key_pair.ts";
import { type HostCard, writeCards } from "./medium.ts";
import type { ProvisionRequest } from "./request.ts";
import {
  isKnown,
  requireAddresses,
  requireFits,
  requireKeygen,
  requireOwnMedia,
  requireRoom,
} from "./requirements.ts";

/** All that was looked at before anything is changed, and what would then be done. */
export interface ProvisionPlan {
  readonly request: ProvisionRequest;
  readonly image: CheckedImage;
  readonly target: CheckedTarget;
  /** The user's own login key, where one is named. */
  readonly keyPair: KeyPair | undefined;
  readonly steps: readonly string[];
  readonly warnings: readonly string[];
}

/** What provisioning works on. */
export interface ProvisionSite {
  readonly env: Env;
  readonly place: InventoryPlace;
  readonly plan: AddressPlan;
  readonly reporter: Reporter;
}

/**
 * Checks everything that can be checked without changing anything. An image that several hosts
 * get is checked once.
 *
 * @param owned Images and devices stay open with it, so that what was checked is what is written.
 * @throws {TowerError} `conflict`, `not-found`, `untrusted`, with what the user can do.
 */
export async function planProvision(
  requests: readonly ProvisionRequest[],
  inventory: Inventory,
  site: ProvisionSite,
  owned: DisposableStack,
): Promise<ProvisionPlan[]> {
  const { env, place, reporter } = site;
  for (const request of requests) requireFits(request, requests, inventory);
  const keyPairs = requests.map(({ keyPair }) => keyPair && readKeyPair(keyPair));
  requireAddresses(requests, inventory, site.plan);
  requireOwnMedia(
    requests.map(({ name, target: { path } }) => [name, exists(path) ? realPath(path) : path]),
  );
  const told = new Set<string>();
  const warn = (message: string) => {
    if (!told.has(message)) reporter.report({ type: "warning", message });
    told.add(message);
  };
  const images = new Map<string, CheckedImage>();
  const plans: ProvisionPlan[] = [];
  for (const [i, request] of requests.entries()) {
    const path = findImage(request.image, env, warn);
    env.explain(`${request.name} gets ${path}`);
    const known = imageSignersPath(place);
    const signers = request.signers ?? (exists(known) ? known : undefined);
    const key = JSON.stringify([path, signers]);
    let image = images.get(key);
    if (image === undefined) {
      image = owned.use(await checkImageTold(path, signers, env, reporter));
      images.set(key, image);
    }
    requireRoom(request, image);
    const target = await checkTarget(request.target, image, env, owned);
    const keyPair = keyPairs[i];
    plans.push({ keyPair, ...planOne(request, image, target, inventory) });
  }
  requireKeygen(env);
  const foreign = untouchableConfig(place);
  if (foreign) warn(`${foreign.problem}; ${foreign.mend}`);
  requireOwnMedia(plans.map(({ request, target }) => [request.name, target.identity]));
  return plans;
}

function planOne(
  request: ProvisionRequest,
  image: CheckedImage,
  target: CheckedTarget,
  inventory: Inventory,
): Omit<ProvisionPlan, "keyPair"> {
  const { name, role } = request;
  const isZeroed = request.target.kind === "device" && request.target.zero;
  const warnings = [
    ...image.signer === undefined
      ? ["the image is not checked against a signature: --signers names the keys that may sign"]
      : [],
    ...request.target.kind === "device" ? [`all data on ${target.description} will be lost`] : [],
    ...isKnown(request, inventory)
      ? [
        `host "${name}" exists: its keys and password are replaced, its present card locked out; ` +
        (request.wipesRootDevice
          ? "what is on its encrypted disk can never be read again"
          : "the key of an encrypted disk stays"),
      ]
      : [],
  ];
  const { username, timezone, keyboardLayout, keyboardVariant, lang } = request.locale;
  const keyboard = keyboardVariant === keyboardLayout
    ? keyboardLayout
    : `${keyboardLayout} (${keyboardVariant})`;
  const signed = image.signer === undefined ? "digest" : `digest and signature (${image.signer})`;
  const steps = [
    `use image ${image.path}, ${signed} checked`,
    `take an address for ${name} in the ${role === "offline" ? "offline" : "online"} network`,
    `make login key, host keys, disk key and ${
      request.password === undefined ? "a" : "the"
    } password`,
    `give it the user ${username}, time zone ${timezone}, keyboard ${keyboard}, language ${lang}`,
    ...isZeroed ? [`write zeros over ${target.description}`] : [],
    `write the image to ${target.description}`,
    "read it back and compare",
    "put tower.env and host keys on the boot partition, and read them back",
    "give the card's file systems UUIDs of their own",
    `put ${name} in force in ~/.local/tower`,
  ];
  return { request, image, target, steps, warnings };
}

/** What a host became. */
export interface Provisioned {
  readonly address: IpAddress;
}

/** How it went with one of the hosts. */
export type ProvisionOutcome = Outcome<Provisioned, { readonly name: HostName }>;

/** A host whose keys are made, on its way to its medium. */
interface Making extends HostCard {
  readonly plan: ProvisionPlan;
  readonly staging: Staging;
}

/**
 * Does it, all media side by side. A host is in force only when its medium was read back and found
 * right; until then, whatever ends the program, everything is as before (facts C1). What fails
 * for one host leaves the others whole.
 */
export async function provision(
  plans: readonly ProvisionPlan[],
  inventory: Inventory,
  site: ProvisionSite,
  open: (plan: ProvisionPlan) => Promise<Medium> = (plan) => plan.target.open(),
): Promise<ProvisionOutcome[]> {
  const { env: { signal }, place, reporter } = site;
  using owned = new DisposableStack();
  const failures = new Map<ProvisionPlan, unknown>();
  const makings: Making[] = [];
  for (const [i, plan] of plans.entries()) {
    try {
      makings.push(await begin(plan, inventory.hosts.length + i, site, owned, open));
    } catch (error) {
      signal.throwIfAborted();
      failures.set(plan, error);
    }
  }
  for (const [image, cards] of Map.groupBy(makings, ({ plan }) => plan.image)) {
    try {
      await writeCards(image, cards, { signal, reporter });
    } catch (error) {
      signal.throwIfAborted();
      for (const card of cards) {
        const { request, target } = card.plan;
        card.failure ??= request.target.kind === "file"
          ? error
          : spoiled(target.description, error);
      }
    }
  }
  await eachCard(makings, async (medium, { plan, staging }) => {
    await medium.commit();
    await locked(place, () => commitHost(place, plan.request.name, staging.folder));
  });
  signal.throwIfAborted();
  return plans.map((plan) => {
    const host = { name: plan.request.name };
    const made = makings.find((making) => making.plan === plan);
    const error = failures.get(plan) ?? made?.failure;
    return error !== undefined || made === undefined
      ? { host, result: { kind: "failed", error } }
      : { host, result: { kind: "done", value: { address: made.staging.address } } };
  });
}

/** Opens a host's medium, and makes its keys and settings in a staged folder. */
async function begin(
  plan: ProvisionPlan,
  index: number,
  { env, place, plan: addresses, reporter }: ProvisionSite,
  owned: DisposableStack,
  open: (plan: ProvisionPlan) => Promise<Medium>,
): Promise<Making> {
  const { request, image } = plan;
  const { name, role, target } = request;
  const side = role === "offline" ? "offline" : "online";
  const staging = owned.use(await openStaging(place, addresses, side, name));
  const medium = owned.use(await open(plan));
  const id = `keys of ${name}`;
  reporter.report({ type: "step", id, title: `make the keys of ${name}` });
  const diskKey = request.wipesRootDevice ? undefined : diskKeyIn(hostFolder(place, name));
  await makeKeys(staging, { keyPair: plan.keyPair, diskKey }, env.runner);
  reporter.report({ type: "done", id });
  const color = request.color ?? COLORS[index % COLORS.length]!;
  const host = { address: staging.address, publicKey: publicKeyIn(staging), color };
  const settings = towerEnvOf(request, addresses, host, imageVersion(basename(image.path)));
  writeFileAtomic(`${staging.folder}/tower.env`, writeTowerEnv(settings, "thinclient"), 0o600);
  return {
    plan,
    staging,
    medium,
    files: bootFiles(staging.folder, settings),
    isZeroed: target.kind === "device" && target.zero,
  };
}
