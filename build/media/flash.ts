import { resolve } from "@std/path";
import type { Arch } from "../../lib/brand.ts";
import { HEAD_SIZE, startsMachine } from "../../lib/boot/boot_sector.ts";
import { type CheckedImage, checkImageTold } from "../../lib/disk/checked_image.ts";
import { type CheckedTarget, checkTarget } from "../../lib/disk/target.ts";
import { type BlankedCard, spoiled, writeImage } from "../../lib/disk/write_image.ts";
import type { Env } from "../../lib/env.ts";
import { printable, TowerError } from "../../lib/errors.ts";
import { imageSignersPath } from "../../lib/fleet/paths.ts";
import { isConfirmed } from "../../lib/program/confirmation.ts";
import type { Ending } from "../../lib/program/ending.ts";
import { reporterFor } from "../../lib/program/reporter.ts";
import type { Reporter } from "../../lib/report/event.ts";
import { exists } from "../../lib/files/files.ts";
import { inventoryPlace } from "../../lib/inventory/inventory_files.ts";
import { namedImage } from "../boot/boot_image.ts";

export interface FlashRequest {
  /** A file, or a system that was built. */
  readonly image: string;
  readonly device: string;
  readonly arch: Arch | undefined;
  readonly signers: string | undefined;
  readonly allowFixed: boolean;
  readonly isZeroed: boolean;
  readonly confirm: boolean;
  readonly dryRun: boolean;
  readonly json: boolean;
}

/**
 * Writes an image to a device and reads it back, as `tower provision` writes cards, but byte for
 * byte: nothing of a host is added.
 */
export async function flashImage(request: FlashRequest, env: Env, ending: Ending): Promise<void> {
  const { dryRun, json, confirm } = request;
  const path = namedImage(request.image, request.arch, env, "write").path;
  requireDevice(resolve(env.cwd, request.device));
  using reporter = reporterFor(env, json);
  using owned = new DisposableStack();
  const image = owned.use(await checkImageTold(path, signersOf(request, env), env, reporter));
  const wanted = {
    kind: "device",
    path: resolve(env.cwd, request.device),
    allowFixed: request.allowFixed,
    zero: request.isZeroed,
  } as const;
  const target = await checkTarget(wanted, image, env, owned);
  const plan = { image, target, isZeroed: request.isZeroed };
  if (!json) (dryRun ? env.stdout : env.notes).write(planText(plan));
  if (!dryRun) {
    if (confirm && !await isConfirmed(env)) {
      ending.code = 1;
      return env.stderr.write("Nothing was changed.\n");
    }
    await write(plan, { env, reporter });
  }
  if (json) env.stdout.write(`${JSON.stringify({ ...planJson(plan), written: !dryRun })}\n`);
  else if (!dryRun) {
    const what = printable(`${target.description} has ${path}`);
    env.stdout.write(`${what}, read back and found right.\n`);
  }
}

interface FlashPlan {
  readonly image: CheckedImage;
  readonly target: CheckedTarget;
  readonly isZeroed: boolean;
}

/** @throws {TowerError} as soon as it can be told: the check of an image takes long. */
function requireDevice(path: string): void {
  if (exists(path)) return;
  throw new TowerError("not-found", `Cannot write to "${path}": there is no such device`, {
    hint: "lsblk shows the devices of this machine",
  });
}

/** Where the user keeps keys that may sign images, one of them must have. */
function signersOf({ signers }: FlashRequest, env: Env): string | undefined {
  if (signers !== undefined) return resolve(env.cwd, signers);
  const known = imageSignersPath(inventoryPlace(env.home, env.signal));
  return exists(known) ? known : undefined;
}

async function write(
  { image, target, isZeroed }: FlashPlan,
  { env, reporter }: { readonly env: Env; readonly reporter: Reporter },
): Promise<void> {
  using medium = await target.open();
  const card: BlankedCard = { medium, isZeroed };
  try {
    await writeImage(image, [card], { signal: env.signal, reporter });
    if (card.failure === undefined) await medium.commit();
  } catch (error) {
    throw spoiled(target.description, error);
  }
  if (card.failure !== undefined) throw card.failure;
}

function planText(plan: FlashPlan): string {
  const { image: { path, signer }, target: { description }, isZeroed } = plan;
  const signed = signer === undefined ? "digest" : `digest and signature (${signer})`;
  const steps = [
    `use image ${path}, ${signed} checked`,
    ...isZeroed ? [`write zeros over ${description}`] : [],
    `write the image to ${description}`,
    "read it back and compare",
  ];
  const lines = [
    "This will be done:",
    ...steps.map((step, i) => `  ${i + 1}. ${step}`),
    ...warningsOf(plan).map((warning) => `warning: ${warning}`),
  ];
  return lines.map((line) => `${printable(line)}\n`).join("");
}

function warningsOf({ image, target }: FlashPlan): string[] {
  return [
    ...image.signer === undefined
      ? ["the image is not checked against a signature: --signers names the keys that may sign"]
      : [],
    ...startsSomething(image) ? [] : ["no computer starts from it: it has no boot sector"],
    `all data on ${target.description} will be lost`,
  ];
}

function startsSomething({ head }: CheckedImage): boolean {
  const bytes = new Uint8Array(HEAD_SIZE);
  return startsMachine(bytes.subarray(0, head.readAt(0, bytes)));
}

function planJson(plan: FlashPlan) {
  const { image: { path, size, signer }, target: { description } } = plan;
  return { image: { path, size, signer }, device: description, warnings: warningsOf(plan) };
}
