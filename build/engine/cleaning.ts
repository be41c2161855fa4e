import { join } from "@std/path";
import type { Env } from "../../lib/env.ts";
import { printable } from "../../lib/errors.ts";
import { reporterFor } from "../../lib/program/reporter.ts";
import { silent } from "../../lib/report/event.ts";
import { telling } from "../../lib/report/telling.ts";
import { formatBytes } from "../../lib/report/quantity.ts";
import { cleanStore, type StoreAmounts } from "../../lib/store/store_cleaning.ts";

const DAY = 24 * 3600_000;

/** Cleans the content store and tells what it held and what went. */
export async function cleanCache(
  { days, dryRun, json }: {
    readonly days: number;
    readonly dryRun: boolean;
    readonly json: boolean;
  },
  env: Env,
): Promise<void> {
  const folder = join(env.cacheDir, "store");
  const unusedSince = Date.now() - days * DAY;
  using reporter = json ? undefined : reporterFor(env, false);
  const { before, removed } = await telling(
    reporter ?? silent,
    `Look through ${folder}`,
    () => cleanStore(folder, { unusedSince, dryRun, signal: env.signal }),
  );
  if (json) {
    env.stdout.write(`${JSON.stringify({ folder, before, removed, dryRun })}\n`);
    return;
  }
  env.stdout.write(
    `${printable(folder)} ${dryRun ? "has" : "had"} ${inWords(before)}.\n` +
      `${dryRun ? "This would go" : "This went"}: ${inWords(removed)}; ` +
      `not used for ${days} day${days === 1 ? "" : "s"}.\n`,
  );
}

function inWords({ blobs, notes, unfinished }: StoreAmounts): string {
  return [
    `${formatBytes(blobs.bytes)} in ${blobs.files} blobs`,
    `${formatBytes(notes.bytes)} in ${notes.files} notes`,
    `${formatBytes(unfinished.bytes)} unfinished`,
  ].join(", ");
}
