import type { Env } from "../env.ts";
import { checkImageTold } from "../disk/checked_image.ts";
import { TowerError } from "../errors.ts";
import { breathing } from "../files/interruption.ts";
import { exists } from "../files/files.ts";
import type { Reporter } from "../report/event.ts";
import { formatBytes } from "../report/quantity.ts";
import { findMedium } from "./find_medium.ts";
import { judge, type Verdict } from "./judge.ts";
import { type NewSystem, newSystem } from "./new_system.ts";
import { pinned } from "./pinned.ts";
import { type MachinePlaces, type RunningSystem, runningSystem } from "./running_system.ts";

/** What is wanted. */
export interface UpgradeWish {
  /** The image, a folder with it, or the stick that it is on. */
  readonly image: string;
  /** The file with public keys of which one must have signed it. */
  readonly signers: string;
  /** Whether an older version is taken, or another system. */
  readonly allowOlder: boolean;
}

/** All that was looked at before anything is changed. */
export interface UpgradePlan {
  readonly image: string;
  /** The key that signed it, as its fingerprint. */
  readonly signer: string;
  readonly running: RunningSystem;
  readonly next: NewSystem;
  readonly verdict: Verdict;
}

/**
 * Checks machine, signature, image and versions; changes nothing. The image stays open with `owned`.
 * @throws {TowerError} with every reason not to upgrade
 */
export async function planUpgrade(
  wish: UpgradeWish,
  env: Pick<Env, "runner" | "signal" | "explain"> & { readonly reporter: Reporter },
  owned: AsyncDisposableStack,
  places?: MachinePlaces,
): Promise<UpgradePlan> {
  const { signers } = wish;
  const running = await runningSystem(env.runner, places);
  if (!exists(signers)) {
    throw new TowerError("untrusted", `Cannot trust any image: there is no ${signers}`, {
      hint: "it has the public keys of who builds your images; --signers names another file",
    });
  }
  const { path } = owned.use(await findMedium(wish.image, env.runner));
  const image = owned.use(await checkImageTold(path, signers, ["iso"], env, env.reporter));
  const breathe = breathing(env.signal);
  const id = "read";
  env.reporter.report({ type: "step", id, title: "read the system of the image", isBrief: true });
  const next = await newSystem(await pinned(image, breathe), path, breathe);
  env.reporter.report({ type: "done", id });
  const verdict = judge(running, next, wish.allowOlder);
  requireRoom(running, next);
  return { image: path, signer: image.signer ?? "", running, next, verdict };
}

function requireRoom({ room, other }: RunningSystem, { parts }: NewSystem): void {
  for (const { part, name, source: { size } } of parts) {
    const has = room.get(part) ?? (part === "program" ? Infinity : 0);
    if (size <= has) continue;
    const [needs, there] = [formatBytes(size), formatBytes(has)];
    throw new TowerError(
      "no-space",
      `Cannot upgrade this machine: ${name} has ${needs}, and ${part}-${other} takes ${there}`,
      { hint: "save what is in /home, and set this thin client up anew from the new medium" },
    );
  }
}
