import type { AddressPlan } from "../../lib/address_plan/address_plan.ts";
import type { Env } from "../../lib/env.ts";
import { TowerError } from "../../lib/errors.ts";
import type { Inventory } from "../../lib/fleet/host.ts";
import type { Medium } from "../../lib/disk/medium.ts";
import type { IpAddress } from "../../lib/ip/address.ts";
import type { Reporter } from "../../lib/report/event.ts";
import { writeFileAtomic } from "../../lib/store/files.ts";
import { commitHost, type InventoryPlace, locked } from "../../lib/store/inventory_files.ts";
import { openStaging } from "../../lib/store/staging.ts";
import { COLORS } from "../../lib/tower_env/rules.ts";
import { writeTowerEnv } from "../../lib/tower_env/tower_env.ts";
import { bootFiles, makeKeys, publicKeyIn, towerEnvOf } from "./identity.ts";
import { checkImage, findImage, type HostImage } from "./image.ts";
import { type CheckedTarget, checkTarget, writeMedium } from "./medium.ts";
import type { ProvisionRequest } from "./request.ts";

/** All that was looked at before anything is changed, and what would then be done. */
export interface ProvisionPlan {
  readonly request: ProvisionRequest;
  readonly image: HostImage;
  readonly target: CheckedTarget;
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
 * Checks everything that can be checked without changing anything.
 * @throws {TowerError} `conflict`, `not-found`, `untrusted`, with what the user can do.
 */
export async function planProvision(
  request: ProvisionRequest,
  inventory: Inventory,
  { env }: ProvisionSite,
): Promise<ProvisionPlan> {
  requireFits(request, inventory);
  const image = checkImage(findImage(request.image, env), request.signers);
  const target = await checkTarget(request.target, image, env);
  const { name, role } = request;
  const isZeroed = request.target.kind === "device" && request.target.zero;
  const warnings = [
    ...image.signer === undefined
      ? ["the image is not checked against a signature: --signers names the keys that may sign"]
      : [],
    ...request.target.kind === "device" ? [`all data on ${target.description} will be lost`] : [],
    ...isKnown(request, inventory)
      ? [`host "${name}" exists: its keys and password are replaced, its present card locked out`]
      : [],
  ];
  const signed = image.signer === undefined ? "digest" : `digest and signature (${image.signer})`;
  const steps = [
    `use image ${image.path}, ${signed} checked`,
    `take an address for ${name} in the ${role === "offline" ? "offline" : "online"} network`,
    `make login key, host keys, disk key and ${
      request.password === undefined ? "a" : "the"
    } password`,
    ...isZeroed ? [`write zeros over ${target.description}`] : [],
    `write the image to ${target.description}`,
    "read it back and compare",
    "put tower.env and host keys on the boot partition, and read them back",
    `put ${name} in force in ~/.local/tower`,
  ];
  return { request, image, target, steps, warnings };
}

function isKnown({ name }: ProvisionRequest, { hosts, broken }: Inventory): boolean {
  return [...hosts, ...broken].some((host) => host.name === name);
}

function requireFits(request: ProvisionRequest, inventory: Inventory): void {
  if (request.force) return;
  const { name, role } = request;
  if (isKnown(request, inventory)) {
    throw new TowerError("conflict", `Cannot provision "${name}": it exists`, {
      hint: "--force makes it anew; the card that it runs from is locked out then",
    });
  }
  if (role === "online" && !inventory.hosts.some((host) => host.env.role === "router")) {
    throw new TowerError("conflict", `Cannot provision "${name}" as online: there is no router`, {
      hint: "provision the host called router first, or use --force",
    });
  }
}

/**
 * Does it. The host is in force only when its medium was read back and found right; until then,
 * whatever ends the program, everything is as before (facts C1).
 */
export async function provision(
  { request, image, target }: ProvisionPlan,
  inventory: Inventory,
  site: ProvisionSite,
  open: () => Promise<Medium> = target.open,
): Promise<{ address: IpAddress }> {
  const { env, place, plan, reporter } = site;
  const { name, role } = request;
  const side = role === "offline" ? "offline" : "online";
  using staging = await openStaging(place, plan, side, name);
  reporter.report({ type: "step", id: "keys", title: "make keys" });
  await makeKeys(request, staging, env.runner);
  reporter.report({ type: "done", id: "keys" });
  const color = request.color ?? COLORS[inventory.hosts.length % COLORS.length]!;
  const host = { address: staging.address, publicKey: publicKeyIn(staging), color };
  const settings = towerEnvOf(request, plan, host, image.version);
  writeFileAtomic(`${staging.folder}/tower.env`, writeTowerEnv(settings, "thinclient"), 0o600);
  {
    using medium = await open();
    await writeMedium(image, medium, bootFiles(staging.folder, settings), {
      signal: env.signal,
      reporter,
      isZeroed: request.target.kind === "device" && request.target.zero,
    });
    await medium.commit();
  }
  await locked(place, () => commitHost(place, name, staging.folder));
  return { address: staging.address };
}
