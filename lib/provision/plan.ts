import type { AddressPlan } from "../address_plan/address_plan.ts";
import { type CheckedImage, checkImageTold } from "../disk/checked_image.ts";
import { type CheckedTarget, checkTarget } from "../disk/target.ts";
import type { Env } from "../env.ts";
import type { Inventory } from "../fleet/host.ts";
import { imageSignersPath } from "../fleet/paths.ts";
import { type ProvisionStep, provisionSteps } from "../fleet/provision/steps.ts";
import { findHostImage } from "../release/find_image.ts";
import type { Reporter } from "../report/event.ts";
import { exists, realPath } from "../files/files.ts";
import type { InventoryPlace } from "../inventory/inventory_reader.ts";
import { untouchableConfig } from "../inventory/user_ssh_config.ts";
import { type KeyPair, readKeyPair } from "./key_pair.ts";
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
  readonly steps: readonly ProvisionStep[];
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
 * @param waits Seconds that hosts on devices are waited for, 0 for ever; undefined where they are not.
 * @throws {TowerError} `conflict`, `not-found`, `untrusted`, with what the user can do.
 */
export async function planProvision(
  requests: readonly ProvisionRequest[],
  inventory: Inventory,
  site: ProvisionSite,
  owned: DisposableStack,
  waits: number | undefined,
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
    const path = request.image ?? findHostImage(env, warn);
    env.explain(`${request.name} gets ${path}`);
    const known = imageSignersPath(place);
    const signers = request.signers ?? (exists(known) ? known : undefined);
    const key = JSON.stringify([path, signers]);
    let image = images.get(key);
    if (image === undefined) {
      image = owned.use(await checkImageTold(path, signers, ["disk"], env, reporter));
      images.set(key, image);
    }
    requireRoom(request, image);
    const target = await checkTarget(request.target, image, env, owned);
    const keyPair = keyPairs[i];
    plans.push({ keyPair, ...planOne(request, image, target, inventory, waits) });
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
  waits: number | undefined,
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
  const steps = provisionSteps({
    name,
    isOffline: role === "offline",
    medium: target.description,
    isZeroed,
    hasPassword: request.password !== undefined,
    locale: request.locale,
    waits: request.target.kind === "device" ? waits : undefined,
  });
  return { request, image, target, steps, warnings };
}
