import { createHash } from "node:crypto";
import { basename, dirname, fromFileUrl, join } from "@std/path";
import { BMAP_BLOCK, formatBmap } from "../../../lib/format/bmap.ts";
import { denoRunner } from "../../../lib/proc/deno_runner.ts";
import { CARD_TOOLS } from "./card_image.ts";
import { programsMissing } from "../program/missing_programs.ts";

const MAIN = fromFileUrl(new URL("../../../cli/main.ts", import.meta.url));

/** Why hosts cannot be provisioned here, or undefined where they can. For `named`. */
export function provisionMissing(...more: readonly string[]): string | undefined {
  return programsMissing(denoRunner(), ...CARD_TOOLS, "lsblk", "blockdev", ...more);
}

/** The words that make an offline host without asking. */
export function offline(name: string, image: string, ...more: readonly string[]): string[] {
  return [
    ...["provision", name, "--offline", "--image", image, "--timezone", "UTC", "--no-confirm"],
    ...more,
  ];
}

/** The command that starts `tower` from this checkout, in a process of its own. */
export function towerCommand(home: string, ...args: readonly string[]) {
  const argv = [Deno.execPath(), "run", "--allow-all", "--no-check", MAIN] as const;
  const cache = Deno.env.get("DENO_DIR") ?? `${Deno.env.get("HOME")}/.cache/deno`;
  return {
    argv: [...argv, ...args] as [string, ...string[]],
    variables: { HOME: home, USER: "alice", DENO_DIR: cache, NO_COLOR: "1" },
  };
}

/** Writes SHA256SUMS over all files of an image's folder whose names begin as the image's does. */
export async function writeSums(image: string): Promise<void> {
  const folder = dirname(image);
  const start = basename(image).split(".img")[0]!;
  const names = Array.from(Deno.readDirSync(folder), (e) => e.name)
    .filter((name) => name.startsWith(start));
  const { stdout } = await denoRunner().run({ argv: ["sha256sum", "--", ...names], cwd: folder });
  Deno.writeFileSync(join(folder, "SHA256SUMS"), stdout);
}

/** Writes the block map of an image beside it: all blocks that are not zeros. */
export function writeBlockMap(image: string): void {
  const bytes = Deno.readFileSync(image);
  const ranges = [];
  for (let block = 0; block * BMAP_BLOCK < bytes.length; block++) {
    const part = bytes.subarray(block * BMAP_BLOCK, (block + 1) * BMAP_BLOCK);
    if (part.every((byte) => byte === 0)) continue;
    const sha256 = createHash("sha256").update(part).digest("hex");
    ranges.push({ first: block, last: block, sha256 });
  }
  Deno.writeTextFileSync(`${image}.bmap`, formatBmap(bytes.length, ranges));
}
