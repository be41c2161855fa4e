import { type AddressPlan, allocateAddress } from "../address_plan/address_plan.ts";
import { requireBootRoom } from "../boot/host_volumes.ts";
import type { CheckedImage } from "../disk/checked_image.ts";
import type { Env } from "../env.ts";
import { TowerError } from "../errors.ts";
import type { HostName, Inventory } from "../fleet/host.ts";
import { addressesOf } from "../inventory/staging.ts";
import { likelyBootFiles } from "./identity.ts";
import type { ProvisionRequest } from "./request.ts";

/** Whether the inventory has a host of that name, whole or not. */
export function isKnown({ name }: ProvisionRequest, { hosts, broken }: Inventory): boolean {
  return [...hosts, ...broken].some((host) => host.name === name);
}

/** @throws {TowerError} `conflict` where a host exists, or has no router to go through. */
export function requireFits(
  request: ProvisionRequest,
  beside: readonly ProvisionRequest[],
  inventory: Inventory,
): void {
  if (request.force) return;
  const { name, role } = request;
  if (isKnown(request, inventory)) {
    throw new TowerError("conflict", `Cannot provision "${name}": it exists`, {
      hint: "--force makes it anew; the card that it runs from is locked out then",
    });
  }
  const routers = [...inventory.hosts.map(({ env }) => env.role), ...beside.map((b) => b.role)];
  if (role === "online" && !routers.includes("router")) {
    throw new TowerError("conflict", `Cannot provision "${name}" as online: there is no router`, {
      hint: "provision the host called router first or with it, or use --force",
    });
  }
}

/** @throws {TowerError} `limit` where a network has no address left for one of the hosts. */
export function requireAddresses(
  requests: readonly ProvisionRequest[],
  inventory: Inventory,
  plan: AddressPlan,
): void {
  const taken = [...addressesOf(inventory)];
  for (const { name, role } of requests) {
    const address = allocateAddress(plan, role === "offline" ? "offline" : "online", name, taken);
    taken.push({ name, address });
  }
}

/** @throws {TowerError} `tool` */
export function requireKeygen({ runner }: Env): void {
  if (runner.which("ssh-keygen") !== undefined) return;
  throw new TowerError("tool", 'Cannot make keys: there is no program "ssh-keygen"', {
    hint: "Debian: apt-get install openssh-client; Alpine: apk add openssh-keygen",
  });
}

/** @throws {TowerError} with why an image takes no host's files on its boot partition. */
export function requireRoom({ rootDevice }: ProvisionRequest, image: CheckedImage): void {
  try {
    requireBootRoom(image.head, image.made?.partitions, likelyBootFiles(rootDevice));
  } catch (cause) {
    // The beginning of a compressed image may not tell: then writing does.
    if (cause instanceof RangeError) return;
    const code = cause instanceof TowerError ? cause.code : "malformed";
    throw new TowerError(code, `Cannot make a host of "${image.path}"`, {
      cause,
      hint: "tower-build build host makes an image for hosts",
    });
  }
}

/** @throws {TowerError} `conflict` where two hosts would go to one medium. */
export function requireOwnMedia(
  media: readonly (readonly [name: HostName, medium: string])[],
): void {
  const owners = new Map<string, HostName>();
  for (const [name, medium] of media) {
    const other = owners.get(medium);
    if (other !== undefined) {
      throw new TowerError("conflict", `Cannot write "${other}" and "${name}" both to "${medium}"`);
    }
    owners.set(medium, name);
  }
}
