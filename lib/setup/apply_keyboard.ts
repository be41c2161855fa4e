import type { Env } from "../env.ts";
import { exists, readBytes } from "../files/files.ts";
import { gunzipMember } from "../format/gzip.ts";
import type { Keyboard } from "./choices.ts";

const LIMIT = 1 << 20;

/**
 * Has the console's keys mean what stands on them. A machine without that keymap, or that is typed at over a
 * serial line, stays as it is.
 */
export async function applyKeyboard(
  { layout, variant }: Keyboard,
  { runner, share }: Pick<Env, "runner" | "share">,
): Promise<void> {
  const path = `${share}/bkeymaps/${layout}/${variant}.bmap.gz`;
  if (!exists(path) || runner.which("loadkmap") === undefined) return;
  // busybox: a keymap of dumpkmap from standard input; 1 where there is no console with keys.
  const stdin = gunzipMember(readBytes(path, LIMIT), 0, LIMIT).content;
  await runner.run({ argv: ["loadkmap"], stdin, okCodes: [0, 1] });
}
