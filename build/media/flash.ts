import { resolve } from "@std/path";
import type { Arch } from "../../lib/brand.ts";
import { HEAD_SIZE, startsMachine } from "../../lib/boot/boot_sector.ts";
import { type CheckedImage, checkImageTold } from "../../lib/disk/checked_image.ts";
import { type CheckedTarget, checkTarget } from "../../lib/disk/target.ts";
import type { Card } from "../../lib/disk/flash.ts";
import {
  type CardWork,
  compareCards,
  fillCards,
  spoiled,
  zeroCards,
} from "../../lib/disk/write_image.ts";
import type { Env } from "../../lib/env.ts";
import { printable, TowerError } from "../../lib/errors.ts";
import { imageSignersPath } from "../../lib/fleet/paths.ts";
import { isConfirmed } from "../../lib/program/confirmation.ts";
import type { Ending } from "../../lib/program/ending.ts";
import { reporterFor } from "../../lib/program/reporter.ts";
import type { Reporter } from "../../lib/report/event.ts";
import { exists } from "../../lib/files/files.ts";
import { IMAGE_KINDS } from "../../lib/release/image_kind.ts";
import { inventoryPlace } from "../../lib/inventory/inventory_reader.ts";
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
  const signers = signersOf(request, env);
  const image = owned.use(await checkImageTold(path, signers, IMAGE_KINDS, env, reporter));
  const wanted = {
    kind: "device",
    path: resolve(env.cwd, request.device),
    allowFixed: request.allowFixed,
    zero: request.isZeroed,
  } as const;
  const target = await checkTarget(wanted, image, env, owned);
  const plan = planFlash(image, target, request.isZeroed);
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

/** A part of the work, which is shown first. */
interface FlashStep {
  readonly title: string;
  readonly work: (cards: readonly Card[], work: CardWork) => Promise<void>;
}

interface FlashPlan {
  readonly image: CheckedImage;
  readonly target: CheckedTarget;
  /** All that is done, in this order. */
  readonly steps: readonly FlashStep[];
}

function planFlash(image: CheckedImage, target: CheckedTarget, isZeroed: boolean): FlashPlan {
  const { description } = target;
  const zero: FlashStep = { title: `write zeros over ${description}`, work: zeroCards };
  const steps: FlashStep[] = [
    ...isZeroed ? [zero] : [],
    {
      title: `write the image to ${description}`,
      work: (cards, work) => fillCards(image, cards, work),
    },
    {
      title: "read it back and compare",
      work: (cards, work) => compareCards(image, cards, work),
    },
  ];
  return { image, target, steps };
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
  plan: FlashPlan,
  { env, reporter }: { readonly env: Env; readonly reporter: Reporter },
): Promise<void> {
  const { target } = plan;
  using medium = await target.open();
  const card: Card = { medium };
  try {
    for (const { work } of plan.steps) await work([card], { signal: env.signal, reporter });
    if (card.failure === undefined) await medium.commit();
  } catch (error) {
    throw spoiled(target.description, error);
  }
  if (card.failure !== undefined) throw card.failure;
}

function planText(plan: FlashPlan): string {
  const { image: { path, signer }, steps } = plan;
  const signed = signer === undefined ? "digest" : `digest and signature (${signer})`;
  const lines = [
    "This will be done:",
    ...steps.map(({ title }, i) => `  ${i + 1}. ${title}`),
    `It will use image ${path}, ${signed} checked.`,
    ...warningsOf(plan).map((warning) => `warning: ${warning}`),
  ];
  return lines.map((line) => `${printable(line)}\n`).join("");
}

function warningsOf({ image, target }: FlashPlan): string[] {
  return [
    ...image.signer === undefined
      ? ["the image is not checked against a signature: --signers names the keys that may sign"]
      : [],
    ...hindranceOf(image).map((cause) => `no computer starts from it: ${cause}`),
    `all data on ${target.description} will be lost`,
  ];
}

/** Why nothing starts from an image, if so: its record knows, or its beginning tells. */
function hindranceOf({ head, made }: CheckedImage): string[] {
  if (made?.loaders?.length === 0) return ["it has no boot loader"];
  const bytes = new Uint8Array(HEAD_SIZE);
  const isStarted = startsMachine(bytes.subarray(0, head.readAt(0, bytes)));
  return isStarted ? [] : ["it has no boot sector"];
}

function planJson(plan: FlashPlan) {
  const { image: { path, size, signer }, target: { description } } = plan;
  const steps = plan.steps.map(({ title }) => title);
  return { image: { path, size, signer }, device: description, steps, warnings: warningsOf(plan) };
}
