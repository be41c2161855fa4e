import { z } from "zod";
import { TowerError } from "../errors.ts";
import { formatBytes } from "../report/quantity.ts";
import type { Runner } from "../proc/command.ts";
import { attempt } from "../files/file_error.ts";
import type { BlockDevice } from "./block_device.ts";
import { FILE_FOR_DEVICE_HINT } from "./device_hint.ts";
import { mediumSequence, usersOf } from "./device_users.ts";

const COLUMNS = "PATH,KNAME,MAJ:MIN,TYPE,SIZE,RM,HOTPLUG,RO,MODEL,SERIAL,MOUNTPOINTS";

const flag = z.union([z.boolean(), z.enum(["0", "1"]).transform((v) => v === "1")]);
const optional = z.string().max(256).nullish().transform((v) => (v ?? "").trim());
const schema: z.ZodType<BlockDevice, unknown> = z.lazy(() =>
  z.object({
    path: z.string().startsWith("/dev/").max(256),
    kname: z.string().regex(/^[^.]/).max(64),
    "maj:min": z.string().trim().regex(/^[0-9]{1,4}:[0-9]{1,7}$/),
    type: z.string().max(32),
    size: z.coerce.number().int().min(0),
    rm: flag,
    hotplug: flag,
    ro: flag,
    model: optional,
    serial: optional,
    mountpoints: z.array(z.string().nullable()).default([]),
    children: z.array(schema).default([]),
  }).transform((d) => ({
    path: d.path,
    name: d.kname,
    number: d["maj:min"],
    type: d.type,
    size: d.size,
    isRemovable: d.rm || d.hotplug,
    isReadOnly: d.ro,
    model: d.model,
    serial: d.serial,
    mountPoints: d.mountpoints.filter((m) => m !== null),
    children: d.children,
  }))
);

/** Reads what `lsblk --json` prints. @throws {TowerError} `malformed` */
export function parseDevices(text: string): BlockDevice[] {
  try {
    return z.object({ blockdevices: z.array(schema) }).parse(JSON.parse(text)).blockdevices;
  } catch (cause) {
    throw new TowerError("malformed", `Cannot read what lsblk says of the disks`, { cause });
  }
}

/** All whole disks that hold a medium: an empty card reader has no bytes. */
export async function listDisks(runner: Runner): Promise<BlockDevice[]> {
  const { stdout } = await runner.run({
    argv: ["lsblk", "--json", "--bytes", "--output", COLUMNS],
  });
  return parseDevices(new TextDecoder().decode(stdout))
    .filter(({ type, size }) => type === "disk" && size > 0);
}

/** Disks that are there now and were not before; another card in the same reader is new. */
export function newDisks(
  before: readonly BlockDevice[],
  now: readonly BlockDevice[],
): BlockDevice[] {
  const known = new Set(before.map(identity));
  return now.filter((disk) => !known.has(identity(disk)));
}

function identity({ path, size, serial }: BlockDevice): string {
  return JSON.stringify([path, size, serial]);
}

/** A device at one moment, with what lsblk does not know of it. */
export interface InspectedDevice extends BlockDevice {
  /** Counts the media that were in it (sysfs, `diskseq`); empty where the kernel does not. */
  readonly sequence: string;
  /** What of the system uses it or a part of it beside what is mounted or built on it. */
  readonly users: readonly string[];
}

/**
 * The device at a path, links followed by the caller.
 * @throws {TowerError} `not-found` where nothing is, or no block device.
 */
export async function inspectDevice(runner: Runner, path: string): Promise<InspectedDevice> {
  const { isBlockDevice, isFile } = attempt("look at", path, () => Deno.statSync(path));
  if (isBlockDevice !== true) {
    throw new TowerError("not-found", `Cannot use "${path}": it is no block device`, {
      hint: isFile ? FILE_FOR_DEVICE_HINT : "lsblk shows the devices of this machine",
    });
  }
  const argv = ["lsblk", "--json", "--bytes", "--output", COLUMNS, "--", path] as const;
  const { stdout } = await runner.run({ argv: [...argv] });
  const [device] = parseDevices(new TextDecoder().decode(stdout));
  if (device) {
    return {
      ...device,
      sequence: mediumSequence(device),
      users: usersOf([...withChildren(device)]),
    };
  }
  throw new TowerError("not-found", `Cannot use "${path}": the system knows no such device`);
}

/** Whether two looks found the same device with the same medium in it. */
export function isSameDevice(a: InspectedDevice, b: InspectedDevice): boolean {
  return a.number === b.number && a.size === b.size && a.serial === b.serial &&
    a.model === b.model && a.sequence === b.sequence;
}

/** What is asked of a device before it may be overwritten. */
export interface DeviceNeeds {
  /** Bytes of the image. */
  readonly size: number;
  /** Whether a disk that is built in will do. */
  readonly allowFixed: boolean;
}

/** Every reason not to write to a device; none means it may be. */
export function refusals(
  device: BlockDevice & Partial<Pick<InspectedDevice, "users">>,
  needs: DeviceNeeds,
): string[] {
  const reasons: string[] = [];
  if (!["disk", "loop"].includes(device.type)) {
    reasons.push(`it is a ${device.type || "thing of no type"}, not a whole disk`);
  }
  const all = [...withChildren(device)];
  if (all.some((d) => d.mountPoints.includes("/"))) {
    reasons.push("the running system is on it");
  } else {
    for (const { path, mountPoints } of all) {
      if (mountPoints.length > 0) reasons.push(`${path} is in use as ${mountPoints.join(", ")}`);
    }
  }
  for (const { path, type } of all.slice(1)) {
    if (type !== "part") reasons.push(`${path} (${type}) is open on it`);
  }
  reasons.push(...device.users ?? []);
  if (device.isReadOnly) reasons.push("it is write-protected");
  if (device.size < needs.size) {
    reasons.push(`it has ${formatBytes(device.size)}, the image ${formatBytes(needs.size)}`);
  }
  if (!device.isRemovable && !needs.allowFixed) reasons.push("it is built in, not removable");
  return reasons;
}

/** A device as a user recognizes it. */
export function describeDevice({ path, model, size, serial }: BlockDevice): string {
  const words = [model || "no model", formatBytes(size), `serial ${serial || "unknown"}`];
  return `${path} (${words.join(", ")})`;
}

/** A disk, its partitions, and what is built on them. */
function* withChildren(device: BlockDevice): Generator<BlockDevice> {
  yield device;
  for (const child of device.children) yield* withChildren(child);
}
